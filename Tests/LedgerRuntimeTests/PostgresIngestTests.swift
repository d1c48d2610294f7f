import Foundation
import LedgerCore
import LedgerJournal
import LedgerRuntime
import LedgerStore
import Logging
import Metrics
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
        let crash = try Threads.Thread(named: "crash") { try? server.crashAndRestart() }
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

    @Test("What was copied is counted, and why it did not go on")
    func counts() throws {
        let database = try TestDatabase()
        let thief = try database.connect()
        _ = try thief.query("select pg_advisory_lock(hashtextextended('dispatch-ledger:here', 0))")
        let ledger = try house.open()
        defer { ledger.close() }
        try run(ledger, from: 1, 20)
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        #expect(wait(ingest, ledger) { $0.failure?.contains("pid \(thief.backendID)") == true })
        #expect(ingest.counts.values.failures[.busy, default: 0] > 0)
        try database.run("select pg_terminate_backend(\(thief.backendID), 5000)")
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        let counted: IngestCounts.Values = ingest.counts.values
        #expect(counted.events == 41 && counted.transactions > 0)
        #expect(counted.seconds.counts.reduce(0, +) == counted.transactions && counted.seconds.sum > 0)
        #expect(counted.failures.keys.filter { $0 != .busy } == [])
        var writer = ExpositionWriter(.prometheusText)
        LedgerMetrics(ledger, ingest: ingest, reads: PostgresReads(), usersMax: 9, build: "1").write(
            to: &writer)
        let text = writer.finish()
        let (status, output) = Promtool.check(text)
        #expect(status == 0, "\(output)")
        let lines = String(decoding: text, as: UTF8.self)
        #expect(lines.contains("\nledger_postgres_events_total 41\n"))
        #expect(lines.contains("\nledger_postgres_failures_total{reason=\"connection\"} 0\n"))
    }

    /// Holds up the copy behind `events`, ends its session, and lets the next one go on.
    private func reconnectBehind(
        _ database: TestDatabase, _ ingest: PostgresIngest, _ ledger: Ledger, _ body: () throws -> Void
    ) throws {
        let holder = try database.connect()
        try holder.execute("begin; lock table ledger.events in access exclusive mode")
        try body()
        try database.run(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                + "where application_name = 'dispatch-ledger' and datname = current_database()")
        #expect(wait(ingest, ledger) { !$0.isConnected })
        try holder.execute("rollback")
    }

    @Test("A journal of an older version with a zero byte in a name is stored, and verified")
    func zeroByte() throws {
        let database = try TestDatabase()
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        _ = try ledger.ask(
            .settle(
                CallSettled(
                    call: call(1, of: ann, model: "claude-x"), result: .ok, status: 200, usage: Usage(),
                    usageSource: .providerFinal, cost: .priced(.zero), priceBook: "book",
                    providerRequestID: "a\0b", durationMilliseconds: 7)))
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        ingest.stop()
        #expect(
            try database.value("select provider_request_id from ledger.events where position = 3")
                == "a\u{FFFD}b")
        let report = try Verification(house.configuration, postgresURL: url(database)).run { _ in }
        #expect(report.findings == [] && report.store?.rows == 3)
    }

    /// The names of all segments but the one that is written to.
    private func segmentsBeforeLast() throws -> [String] {
        try house.segments().compactMap { SegmentName($0) }.sorted().dropLast().map(\.description)
    }

    @Test("After a lost connection it goes on behind what it had read, and reads nothing from before")
    func keepsItsPlace() throws {
        let database = try TestDatabase()
        let ledger = try house.open { $0.segmentBytesMax = 3_000 }
        defer { ledger.close() }
        try run(ledger, from: 1, 20)
        let ingest = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        let segments = try segmentsBeforeLast()
        #expect(segments.count > 3)
        try reconnectBehind(database, ingest, ledger) {
            for name in segments {
                try FileManager.default.removeItem(atPath: house.configuration.logsDirectory + "/" + name)
            }
            try run(ledger, from: 100, 20)
        }
        #expect(wait(ingest, ledger, until: hasAll(ledger)))
        #expect(try database.value("select count(*) from ledger.events") == "81")
    }

    @Test("A journal that cannot be read where the database is, is said so and tried again")
    func unreadableJournal() throws {
        let database = try TestDatabase()
        let ledger = try house.open { $0.segmentBytesMax = 3_000 }
        defer { ledger.close() }
        try run(ledger, from: 1, 5)
        let first = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try first.start()
        #expect(wait(first, ledger, until: hasAll(ledger)))
        first.stop()
        try run(ledger, from: 100, 40)
        let logs = house.configuration.logsDirectory
        let segments = try segmentsBeforeLast()
        for name in segments {
            try FileManager.default.moveItem(atPath: "\(logs)/\(name)", toPath: "\(house.home)/\(name)")
        }
        let second = PostgresIngest(ledger: ledger, url: url(database), log: .silent)
        try second.start()
        defer { second.stop() }
        #expect(
            wait(second, ledger) { $0.failure?.contains("cannot read the journal at position 11") == true })
        #expect(!second.currentStatus.isFatal && second.counts.values.failures[.journal, default: 0] > 0)
        for name in segments {
            try FileManager.default.moveItem(atPath: "\(house.home)/\(name)", toPath: "\(logs)/\(name)")
        }
        #expect(wait(second, ledger, until: hasAll(ledger)))
    }

    @Test("A server that takes a connection and says nothing does not keep it from stopping")
    func blackHole() throws {
        let directory = "\(house.home)/hole"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let hole = try SilentListener(at: directory + "/.s.PGSQL.5432")
        defer { hole.close() }
        let ledger = try house.open()
        defer { ledger.close() }
        let ingest = PostgresIngest(
            ledger: ledger, url: "host=\(directory) user=x dbname=x connect_timeout=600", log: .silent)
        try ingest.start()
        hole.awaitConnection()
        let stopped = Semaphore()
        try Threads.Thread(named: "stop") {
            ingest.stop()
            stopped.signal()
        }.detach()
        #expect(stopped.wait(timeoutMilliseconds: 60_000))
    }
}
