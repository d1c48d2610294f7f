import LedgerCore
import LedgerRuntime
import Logging
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("JournalFollower")
struct JournalFollowerTests {
    @Test("Every durable event comes once, in order, from the first on")
    func follows() throws {
        let house = try LedgerFixture()
        let ledger = try house.open()
        defer { ledger.close() }
        let ann = try user("ann")
        for number in 1...50 { _ = try ledger.ask(reserve(number, of: ann, .zero)) }
        let seen = Lock<[Int64]>([])
        let came = Semaphore()
        let follower = JournalFollower(ledger, named: "test", log: .silent) { events, _ in
            seen.withLock { $0 += events.map(\.position.value) }
            came.signal()
            return true
        }
        try follower.start()
        for number in 51...100 { _ = try ledger.ask(reserve(number, of: ann, .zero)) }
        let end = ledger.position.value
        for _ in 0..<1_000 where seen.withLock({ $0.last ?? 0 }) < end {
            _ = came.wait(timeoutMilliseconds: 10)
        }
        follower.stop()
        #expect(seen.withLock { $0 } == Array(1...end))
    }

    @Test("It begins behind the position that it is told, and hands on again what was not taken")
    func beginsAndRepeats() throws {
        let house = try LedgerFixture()
        let ledger = try house.open { $0.segmentBytesMax = 2_000 }
        defer { ledger.close() }
        let ann = try user("ann")
        for number in 1...20 { _ = try ledger.ask(reserve(number, of: ann, .zero)) }
        let end = ledger.position.value
        let seen = Lock<[[Int64]]>([])
        let came = Semaphore()
        let asked = Lock(0)
        let start: @Sendable () -> Position? = {
            asked.withLock { asked in
                asked += 1
                return asked == 1 ? nil : Position(15)
            }
        }
        let follower = JournalFollower(ledger, named: "test", from: start, log: .silent) { events, _ in
            let tries = seen.withLock { seen in
                seen.append(events.map(\.position.value))
                return seen.count
            }
            came.signal()
            return tries > 1
        }
        try follower.start()
        for _ in 1...2 { #expect(came.wait(timeoutMilliseconds: 10_000)) }
        follower.stop()
        #expect(seen.withLock { $0 } == [Array(16...end), Array(16...end)])
    }

    @Test("A database that is away, or behind, has no answer; one that has all has")
    func usageStore() throws {
        let house = try LedgerFixture()
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(reserve(1, of: try user("ann"), .zero))
        let now = ledger.configuration.now()
        let day = UsageBreakdown(from: now.day.start, to: now, bucket: .day, dimensions: [.user])
        let reads = PostgresReads()
        let away = UsageStore(
            url: "postgresql://127.0.0.1:1/none", ledger: ledger, reads: reads, log: .silent)
        #expect(away.usage(day, notBefore: Position(0), rowsMax: 10) == nil)
        let database = try TestDatabase()
        let url = database.server.url(database: database.name)
        let store = UsageStore(url: url, ledger: ledger, reads: reads, log: .silent)
        #expect(store.usage(day, notBefore: Position(1), rowsMax: 10) == nil)
        #expect(store.usage(day, notBefore: Position(0), rowsMax: 10)?.rows.isEmpty == true)
        #expect(PostgresReads.Outcome.allCases.map { reads.count(of: $0) } == [1, 1, 1])
        #expect(reads.seconds > 0)
    }
}
