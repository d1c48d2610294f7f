import LedgerCore
import LedgerRuntime
import LedgerStore
import Logging
import TestSupport
import Testing
import Threads

@Suite("PostgresIngest")
struct PostgresIngestTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    private func url(_ database: TestDatabase) -> String { database.server.url(database: database.name) }

    /// Runs `count` calls of ann's, numbered from `first`, each for a cent.
    private func run(_ ledger: Ledger, from first: Int, _ count: Int) throws {
        for number in first..<(first + count) {
            _ = try ledger.ask(reserve(number, of: ann, try usd("1")))
            _ = try ledger.ask(settle(number, of: ann, .priced(try usd("0.01")), input: 3, output: 2))
        }
    }

    /// Waits until the copy stands as `condition` says, at most thirty seconds.
    private func wait(
        _ ingest: PostgresIngest, _ ledger: Ledger, until condition: (PostgresIngest.Status) -> Bool
    ) -> Bool {
        let bell = ledger.subscribe()
        for _ in 0..<6_000 {
            if condition(ingest.currentStatus) { return true }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        return false
    }

    private func hasAll(_ ledger: Ledger) -> (PostgresIngest.Status) -> Bool {
        { $0.isConnected && $0.position == ledger.position.value }
    }

    @Test("The database follows, row for row, and a second run goes on where the first stopped")
    func follows() throws {
        let database = try TestDatabase()
        let ledger = try house.open()
        defer { ledger.close() }
        try run(ledger, from: 1, 20)
        let first = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try first.start()
        #expect(wait(first, ledger, until: hasAll(ledger)))
        first.stop()
        try run(ledger, from: 100, 20)
        #expect(try database.value("select count(*) from ledger.events") == "41")
        let second = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try second.start()
        defer { second.stop() }
        #expect(wait(second, ledger, until: hasAll(ledger)))
        #expect(
            try database.row("select count(*), min(position), max(position) from ledger.events")
                == ["81", "1", "81"])
        #expect(
            try database.row("select sum(calls), trim_scale(sum(cost_usd)) from ledger.usage_hourly")
                == ["40", "0.4"])
    }

    @Test("While the server is away nothing is held up; when it is back the lag returns to nothing")
    func outage() throws {
        let server = try PrivatePostgres()
        defer { server.stop() }
        let database = try TestDatabase(on: server)
        let ledger = try house.open()
        defer { ledger.close() }
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        try run(ledger, from: 1, 10)
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        let crash = try Thread(named: "crash") { try? server.crashAndRestart() }
        try run(ledger, from: 100, 200)
        crash.join()
        try run(ledger, from: 1000, 10)
        #expect(ledger.read { $0.journal.failure } == nil)
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        #expect(ingest.currentStatus.failure == nil)
        #expect(
            try database.row("select count(*), count(distinct position), max(position) from ledger.events")
                == ["441", "441", "441"])
        #expect(try database.value("select trim_scale(sum(cost_usd)) from ledger.usage_hourly") == "2.2")
    }

    @Test("A database that holds another journal of this name is refused, and left as it is")
    func foreign() throws {
        let database = try TestDatabase()
        let other = try LedgerFixture()
        let theirs = try other.open()
        try run(theirs, from: 1, 5)
        let first = PostgresIngest(ledger: theirs, url: url(database), log: .silent)
        try first.start()
        #expect(wait(first, theirs, until: hasAll(theirs)))
        first.stop()
        theirs.close()
        let ledger = try house.open()
        defer { ledger.close() }
        try run(ledger, from: 1, 20)
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        #expect(wait(ingest, ledger) { $0.isFatal })
        #expect(ingest.currentStatus.failure?.isEmpty == false)
        #expect(try database.value("select count(*) from ledger.events") == "11")
    }

    @Test("A database that is ahead of the journal is refused")
    func ahead() throws {
        let database = try TestDatabase()
        let other = try LedgerFixture()
        let theirs = try other.open()
        try run(theirs, from: 1, 5)
        let first = PostgresIngest(ledger: theirs, url: url(database), log: .silent)
        try first.start()
        #expect(wait(first, theirs, until: hasAll(theirs)))
        first.stop()
        theirs.close()
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(reserve(1, of: ann, .zero))
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        #expect(wait(ingest, ledger) { $0.isFatal })
        #expect(try database.value("select count(*) from ledger.events") == "11")
    }
}
