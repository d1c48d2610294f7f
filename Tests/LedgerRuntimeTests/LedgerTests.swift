import LedgerCore
import LedgerRuntime
import Synchronization
import Testing
import Threads

@Suite("Ledger")
struct LedgerTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    @Test("A command's events are on disk before its reply, which carries their positions")
    func durableBeforeReply() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let seen = Lock<[(receipt: [RecordedEvent], disk: [RecordedEvent])]>([])
        let answered = Semaphore()
        for number in 1...20 {
            ledger.submit(reserve(number, of: ann, try usd("1"))) { [house] result in
                let disk = (try? house.events()) ?? []
                if let receipt = try? result.get() { seen.withLock { $0.append((receipt.events, disk)) } }
                answered.signal()
            }
        }
        for _ in 1...20 { answered.wait() }
        let all = seen.withLock { $0 }
        #expect(all.count == 20)
        for (receipt, disk) in all {
            let last = try #require(receipt.last)
            #expect(disk.contains(last))
        }
        #expect(all.map { $0.receipt.last?.position.value } == (2...21).map { Int64($0) })
    }

    @Test("Eight submitters are answered once each, and positions have no gaps")
    func concurrentSubmitters() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let amount = try usd("0.01")
        let positions = Lock<[Int64]>([])
        let answered = Semaphore()
        let threads = try (0..<8).map { thread in
            try Thread(named: "submit-\(thread)") { [ann] in
                for number in 1...500 {
                    ledger.submit(reserve(thread * 1000 + number, of: ann, amount)) { result in
                        if let position = try? result.get().position {
                            positions.withLock { $0.append(position.value) }
                        }
                        answered.signal()
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        for _ in 0..<4000 { answered.wait() }
        #expect(positions.withLock { $0.sorted() } == (2...4001).map { Int64($0) })
        #expect(try house.events().map(\.position.value) == (1...4001).map { Int64($0) })
        #expect(ledger.read { $0.journal.syncs } < 4001, "one sync answers many")
        // Each reply came once: no further signal is left.
        #expect(!answered.wait(timeoutMilliseconds: 1))
    }

    @Test("A full queue refuses at once and keeps what waits")
    func overload() throws {
        let ledger = try house.open { $0.pendingMax = 4 }
        defer { ledger.close() }
        let (held, release, answered) = (Semaphore(), Semaphore(), Semaphore())
        ledger.submit(reserve(1, of: ann, .zero)) { _ in
            held.signal()
            release.wait()
        }
        held.wait()
        let results = Lock<[Result<Receipt, LedgerError>]>([])
        for number in 2...7 {
            ledger.submit(reserve(number, of: ann, .zero)) { result in
                results.withLock { $0.append(result) }
                answered.signal()
            }
        }
        #expect(results.withLock { $0.map { $0.error } } == [.overloaded, .overloaded])
        release.signal()
        for _ in 2...7 { answered.wait() }
        #expect(results.withLock { $0.compactMap { $0.error }.count } == 2)
        #expect(ledger.position == Position(6))
    }

    @Test("What contradicts the record is rejected and appends nothing")
    func rejection() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        let unknown = UniqueID(bits: 9)
        #expect(throws: LedgerError.rejected(.notReserved(unknown))) {
            try ledger.ask(settle(9, of: ann, .priced(.zero)))
        }
        #expect(throws: LedgerError.rejected(.anotherUser(UniqueID(bits: 1)))) {
            try ledger.ask(settle(1, of: try user("bob"), .priced(.zero)))
        }
        #expect(ledger.position == Position(2))
        #expect(try house.events().count == 2)
    }

    @Test("Closing answers what waits; then nothing is taken any more")
    func close() throws {
        let ledger = try house.open()
        let durable = Lock(0)
        for number in 1...200 {
            ledger.submit(reserve(number, of: ann, .zero)) { result in
                if case .success = result { durable.withLock { $0 += 1 } }
            }
        }
        ledger.close()
        #expect(durable.withLock { $0 } == 200)
        #expect(try house.events().count == 201)
        #expect(throws: LedgerError.closed) { try ledger.ask(reserve(201, of: ann, .zero)) }
    }

    @Test("A receipt says what is left of the tightest limit")
    func remaining() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let quota = Quota(dailyLimit: try usd("5"), monthlyLimit: try usd("4"))
        _ = try ledger.ask(.setQuota(ann, quota, actor: "admin"))
        #expect(try ledger.ask(reserve(1, of: ann, try usd("1.5"))).remaining == (try usd("2.5")))
        #expect(try ledger.ask(settle(1, of: ann, .priced(try usd("0.25")))).remaining == (try usd("3.75")))
        #expect(try ledger.ask(reserve(2, of: try user("bob"), try usd("1"))).remaining == nil)
    }

    @Test("Recorded time never goes back, and a clock set back opens no second day")
    func clockGoesBack() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(.setQuota(ann, Quota(dailyLimit: try usd("1")), actor: "admin"))
        try house.clock.set("2026-11-25T00:00:01Z")
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        try house.clock.set("2026-11-24T23:00:00Z")
        let refused = try ledger.ask(reserve(2, of: ann, try usd("1")))
        #expect(refused.events.first?.event.type == .callRejected)
        let times = try house.events().map(\.timestamp)
        #expect(times == times.sorted())
        #expect(times.last?.text == "2026-11-25T00:00:01Z" || times.last == times.dropLast().last)
    }

    @Test("Sixty-four threads cannot overspend one limit, at any prefix")
    func overspending() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let limit = try usd("5")
        let (amount, cost) = (try usd("0.3"), try usd("0.21"))
        _ = try ledger.ask(.setQuota(ann, Quota(dailyLimit: limit), actor: "admin"))
        let threads = try (0..<64).map { thread in
            try Thread(named: "race-\(thread)") { [ann] in
                for round in 1...2 {
                    let number = thread * 10 + round
                    let answer = try? ledger.ask(reserve(number, of: ann, amount))
                    guard answer?.events.last?.event.type == .callReserved else { continue }
                    _ = try? ledger.ask(settle(number, of: ann, .priced(cost)))
                }
            }
        }
        for thread in threads { thread.join() }
        // A fold of the test's own: what is spent plus what is held, event by event.
        var held: [UniqueID: Money] = [:]
        var spent = Money.zero
        var counts: [EventType: Int] = [:]
        for recorded in try house.events() {
            counts[recorded.event.type, default: 0] += 1
            switch recorded.event {
            case .callReserved(let event): held[event.call.callID] = event.reserved
            case .callSettled(let event):
                held[event.call.callID] = nil
                spent = try spent.adding(event.cost.amount)
            default: break
            }
            let total = try held.values.reduce(spent) { try $0.adding($1) }
            #expect(total <= limit, "overspent at \(recorded.position.value)")
        }
        #expect((counts[.callReserved] ?? 0) + (counts[.callRejected] ?? 0) == 128)
        #expect(counts[.callReserved] == counts[.callSettled])
        #expect((counts[.callRejected] ?? 0) > 0)
        // Sixteen holds of $0.30 fit, whatever the order.
        #expect((counts[.callReserved] ?? 0) >= 16)
    }
}

extension Result {
    /// The failure, where it is one.
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
