import Foundation
import LedgerCore
import LedgerJournal
import LedgerRuntime
import LedgerStore
import TestSupport
import Testing

@Suite("Rebuild")
struct RebuildTests {
    let house: LedgerFixture
    let database: TestDatabase
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        database = try TestDatabase(migrated: false)
        ann = try user("ann")
        let ledger = try house.open { $0.segmentBytesMax = 3_000 }
        defer { ledger.close() }
        for day in 0..<3 {
            for number in (day * 20)..<(day * 20 + 20) {
                try house.clock.set("2026-11-2\(6 + day)T12:00:\(number % 20 + 10)Z")
                _ = try ledger.ask(reserve(number, of: ann, try usd("1")))
                // Each batch has its own time, as it has on a real clock.
                try house.clock.set("2026-11-2\(6 + day)T12:00:\(number % 20 + 10).5Z")
                _ = try ledger.ask(settle(number, of: ann, .priced(try usd("0.01")), input: 3, output: 2))
            }
        }
    }

    private var logs: String { house.configuration.logsDirectory }

    private func rebuildPostgres() throws -> PostgresRebuild.Outcome {
        try PostgresRebuild(database.open(), logsDirectory: logs).run { _, _ in }
    }

    private func files(_ directory: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0 != ".lock" }
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)")))
            })
    }

    @Test("The database is filled from nothing, and verified against the journal")
    func postgres() throws {
        let outcome = try rebuildPostgres()
        #expect(outcome.position == Position(121) && outcome.rows == 121)
        let url = database.server.url(database: database.name)
        let report: VerificationReport = try Verification(house.configuration, postgresURL: url).run { _ in }
        #expect(report.findings == [])
        #expect(report.store?.linesChecked == 121 && report.store?.lagEvents == 0)
        #expect(report.snapshotPosition == 121 && report.position == 121)
        // And again, over what is there.
        #expect(try rebuildPostgres() == outcome)
    }

    @Test("A session that ingests is not disturbed")
    func busy() throws {
        _ = try rebuildPostgres()
        let ingester = try eventuallyFree()
        #expect {
            try rebuildPostgres()
        } throws: { error in
            if case CopyError.store(.busy("here", let holder)) = error { return holder?.role == "postgres" }
            return false
        }
        #expect(try ingester.eventCount() == 121)
    }

    @Test("What a power cut may still take from the journal is not copied: its end is synced first")
    func unsynced() throws {
        let outcome = try rebuildPostgres()
        house.files.fail(.sync, errno: 5)
        #expect {
            try PostgresRebuild(eventuallyFree(), logsDirectory: logs, files: house.files).run { _, _ in }
        } throws: { error in
            if case CopyError.file(let failed) = error { return failed.operation == .sync }
            return false
        }
        #expect(try database.value("select count(*) from ledger.events") == "121")
        house.files.heal()
        let again = try PostgresRebuild(eventuallyFree(), logsDirectory: logs, files: house.files)
        #expect(try again.run { _, _ in } == outcome)
    }

    /// A store that has the origin: the server notices the end of an earlier session a moment later.
    private func eventuallyFree() throws -> LedgerStore {
        let store = try database.open()
        for _ in 0..<500 where (try? store.takeOrigin()) == nil { usleep(10_000) }
        return store
    }

    @Test("What is appended while it runs is left to the next")
    func appendedMeanwhile() throws {
        let ledger = try house.open { $0.segmentBytesMax = 3_000 }
        defer { ledger.close() }
        var isFirst = true
        let outcome = try PostgresRebuild(eventuallyFree(), logsDirectory: logs).run { _, _ in
            guard isFirst else { return }
            isFirst = false
            for number in 500..<520 { _ = try? ledger.ask(reserve(number, of: ann, .zero)) }
        }
        #expect(outcome.position == Position(outcome.rows) && outcome.rows < ledger.position.value)
        #expect(ledger.position.value >= outcome.rows + 20)
    }

    @Test("The journal comes back in the writer's own files, over days and segments")
    func journal() throws {
        _ = try rebuildPostgres()
        let copy = house.home + "/copy/system/logs"
        let rebuild = JournalRebuild(try database.open(), logsDirectory: copy, segmentBytesMax: 3_000)
        var told = 0
        try rebuild.run { told += $0 }
        let made = try files(copy).count
        #expect(told == 121 && made > 6)
        #expect(try files(copy) == files(logs))
        #expect(throws: CopyError.journal(.occupied(directory: copy))) { try rebuild.run { _ in } }
    }

    @Test("Pages end where their bytes do, and lose nothing")
    func pages() throws {
        _ = try rebuildPostgres()
        let store = try database.open()
        var lines = 0
        var pages = 0
        while case let page = try store.lines(after: Position(Int64(lines)), limit: 50, bytesMax: 1_000),
            !page.isEmpty
        {
            #expect(page.map(\.position.value) == Array(Int64(lines + 1)...Int64(lines + page.count)))
            #expect(page.dropLast().reduce(0) { $0 + $1.line.count } < 1_000)
            lines += page.count
            pages += 1
        }
        #expect(lines == 121 && pages > 20)
    }

    @Test("What was changed is found, and named")
    func changed() throws {
        _ = try rebuildPostgres()
        try database.run(
            """
            set session_replication_role = replica;
            update ledger.events set line = replace(line, '"tokensIn":3', '"tokensIn":4') where position = 51
            """)
        let url = database.server.url(database: database.name)
        let report = try Verification(house.configuration, postgresURL: url).run { _ in }
        #expect(report.findings.count == 1 && report.findings[0].contains("position 51"))
        let copy = JournalRebuild(try database.open(), logsDirectory: house.home + "/copy/system/logs")
        #expect {
            try copy.run { _ in }
        } throws: { error in
            if case CopyError.badSource(let reason) = error { return reason.contains("position 51") }
            return false
        }
    }
}
