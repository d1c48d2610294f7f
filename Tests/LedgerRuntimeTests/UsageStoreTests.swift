import Foundation
import LedgerCore
import LedgerRuntime
import Logging
import Synchronization
import TestSupport
import Testing

@Suite("UsageStore")
struct UsageStoreTests {
    let house: LedgerFixture
    let database: TestDatabase
    let clock = HandClock()

    init() throws {
        house = try LedgerFixture()
        database = try TestDatabase()
    }

    @Test("A session that died is made anew, after a pause in which the server is left alone")
    func deadSession() throws {
        let ledger = try house.open { [clock] in $0.monotonicNanoseconds = { clock.nanoseconds } }
        defer { ledger.close() }
        let ann = try user("ann")
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        _ = try ledger.ask(settle(1, of: ann, .priced(try usd("0.25"))))
        let url = database.server.url(database: database.name)
        let ingest = PostgresIngest(ledger: ledger, url: url, log: .silent)
        try ingest.start()
        let bell = ledger.subscribe()
        while ingest.currentStatus.position < ledger.position.value { _ = bell.wait(timeoutMilliseconds: 5) }
        ingest.stop()
        let reads = PostgresReads()
        let store = UsageStore(url: url, ledger: ledger, reads: reads, log: .silent)
        let breakdown = UsageBreakdown(
            from: try time("2026-11-01T00:00:00Z"), to: try time("2026-12-01T00:00:00Z"), bucket: .day,
            dimensions: [.user])
        func cost() -> Money? {
            store.usage(breakdown, notBefore: ledger.position, rowsMax: 9)?.rows.values.first?.cost
        }
        #expect(cost() == (try usd("0.25")))
        let killed = try database.column(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                + "where application_name = 'dispatch-ledger' and datname = current_database()")
        #expect(killed == ["t"])
        #expect(cost() == nil && reads.count(of: .failed) == 1)
        #expect(cost() == nil && reads.count(of: .failed) == 1)
        clock.advance(nanoseconds: 5_000_000_000)
        #expect(cost() == (try usd("0.25")))
        #expect(reads.count(of: .answered) == 2 && reads.count(of: .failed) == 1)
    }

    @Test("A server whose failure took longer than the pause is left alone for all of it")
    func slowFailure() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let directory = NSTemporaryDirectory() + "ledger-silent-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // It takes the connection and says nothing: the attempt lasts as long as the pause.
        let silent = try SilentListener(at: directory + "/.s.PGSQL.5432")
        defer { silent.close() }
        let reads = PostgresReads()
        let store = UsageStore(
            url: "postgresql:///none?host=\(directory)&user=none", ledger: ledger, reads: reads, log: .silent)
        let breakdown = UsageBreakdown(
            from: try time("2026-11-01T00:00:00Z"), to: try time("2026-12-01T00:00:00Z"), bucket: .day,
            dimensions: [.user])
        for _ in 0..<2 { #expect(store.usage(breakdown, notBefore: Position(0), rowsMax: 9) == nil) }
        #expect(reads.count(of: .failed) == 1 && reads.seconds > 4)
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text.utf8)) }
}

/// A monotonic clock that a test moves.
final class HandClock: Sendable {
    private let now = Atomic<UInt64>(1)

    var nanoseconds: UInt64 { now.load(ordering: .relaxed) }

    func advance(nanoseconds: UInt64) { now.add(nanoseconds, ordering: .relaxed) }
}
