import LedgerCore
import Testing

@testable import Gateway

@Suite("FairQueue")
struct FairQueueTests {
    private final class Waiting {
        let name: String
        init(_ name: String) { self.name = name }
    }

    private static func queue(_ entries: [(String, String)]) throws -> FairQueue<Waiting> {
        var queue = FairQueue<Waiting>()
        for (user, name) in entries { queue.append(Waiting(name), of: try #require(UserID(user))) }
        return queue
    }

    @Test("One user's messages keep their order")
    func order() throws {
        var queue = try Self.queue([("ann", "1"), ("ann", "2"), ("ann", "3")])
        let names = (1...3).compactMap { _ in queue.next { _ in 0 }?.name }
        #expect(names == ["1", "2", "3"])
        let last = queue.next { _ in 0 }
        #expect(last == nil)
    }

    @Test("Users take turns, however many messages one has")
    func turns() throws {
        var queue = try Self.queue([
            ("ann", "a1"), ("ann", "a2"), ("ann", "a3"), ("bob", "b1"), ("cy", "c1"), ("bob", "b2"),
        ])
        let names = (1...6).compactMap { _ in queue.next { _ in 0 }?.name }
        #expect(names == ["a1", "b1", "c1", "a2", "b2", "a3"])
    }

    @Test("Whoever has least under way goes first")
    func least() throws {
        var queue = try Self.queue([("ann", "a1"), ("bob", "b1")])
        let next = queue.next { $0.text == "ann" ? 3 : 1 }
        #expect(next?.name == "b1")
    }

    @Test("What is taken out does not come")
    func removal() throws {
        var queue = FairQueue<Waiting>()
        let (first, second) = (Waiting("1"), Waiting("2"))
        let ann = try #require(UserID("ann"))
        queue.append(first, of: ann)
        queue.append(second, of: ann)
        let removals = [queue.remove(first), queue.remove(first)]
        #expect(removals == [true, false])
        #expect(queue.count == 1)
        let next = queue.next { _ in 0 }
        #expect(next === second)
    }
}
