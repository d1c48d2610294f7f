import Synchronization
import Testing
import Threads

@Suite("Threads")
struct ThreadsTests {
    @Test("a wait for a semaphore ends after its time")
    func timeout() {
        #expect(!Semaphore().wait(timeoutMilliseconds: 1))
        #expect(Semaphore(value: 1).wait(timeoutMilliseconds: 1100))
    }

    @Test("a lock lets one thread at a time at its value")
    func alone() throws {
        let counter = Counter()
        let threads = try (0..<4).map { index in
            try Thread(named: "count-\(index)") {
                for _ in 0..<10_000 { counter.add() }
            }
        }
        for thread in threads { thread.join() }
        #expect(counter.count == 40_000)
    }

    @Test("a detached thread runs to its end by itself")
    func detached() throws {
        let end = Semaphore()
        try Thread(named: "detached") { end.signal() }.detach()
        end.wait()
        #expect(!end.wait(timeoutMilliseconds: 1))
    }
}

/// A number behind a lock.
private final class Counter: Sendable {
    private let value = Lock(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}
