import LedgerCore
import Postgres
import Testing

@testable import LedgerStore
import TestSupport

@Suite("Faults of the connection and the server")
struct FaultTests {
    let journal = SampleJournal()

    private func resumed(_ database: TestDatabase) throws -> LedgerStore {
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(1000), chainAt: journal.chain(at:))
        return store
    }

    /// Where a session kills itself: at a row of the COPY, at a row of the sums, at the end of COMMIT's
    /// checks.
    static let deaths: [(String, String)] = [
        ("before insert", "ledger.events_2026_11"), ("before insert", "ledger.usage_hourly"),
        ("after update", "ledger.checkpoints"),
    ]

    @Test(
        "a session ended inside a batch stores nothing, and the batch goes in on the next one",
        arguments: deaths)
    func ended(when: String, table: String) throws {
        let database = try TestDatabase()
        let store = try resumed(database)
        try store.ingest(journal.batch(1...5))
        let kind = when == "after update" ? "constraint trigger" : "trigger"
        let deferral = when == "after update" ? "deferrable initially deferred" : ""
        try database.run(
            """
            create function public.die() returns trigger language plpgsql as
              $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
            create \(kind) die \(when) on \(table) \(deferral) for each row execute function public.die()
            """)
        let error = #expect(throws: StoreError.self) { try store.ingest(journal.batch(6...9)) }
        #expect(error?.isRetryable == true)
        try database.run("drop trigger die on \(table)")
        let checkpoint = try store.resume(journalEnd: Position(1000), chainAt: journal.chain(at:))
        #expect(checkpoint == journal.checkpoint(at: 5))
        #expect(try journal.isStored(upTo: 5, in: store))
        try store.ingest(journal.batch(6...9))
        #expect(try journal.isStored(upTo: 9, in: store))
    }

    @Test("a connection cut after any number of the server's bytes stores a batch whole or not at all")
    func cutAnywhere() throws {
        let database = try TestDatabase()
        var stored: Int64 = 0
        var (kept, lost): ([Int], [Int]) = ([], [])
        var resolved = 0

        /// Sends the next batch through a connection that is cut after so many bytes.
        ///
        /// - Returns: whether it was not cut.
        func send(cutAfterBytes limit: Int) throws -> Bool {
            let relay = try CuttingRelay(to: database.server.directory, afterBytes: limit)
            let batch = journal.batch((stored + 1)...(stored + 3))
            var isWhole = false
            do {
                let store = try resumedEventually(database, through: relay.directory)
                store.onDoubtResolved = { _ in resolved += 1 }
                relay.startCounting()
                try store.ingest(batch)
                isWhole = !relay.hasCut
            } catch StoreError.connection {}
            relay.stop()
            let after = try resumedEventually(database)
            let position = try after.checkpoint()?.position.value ?? 0
            #expect([stored, stored + 3].contains(position))
            if position == stored { lost.append(limit) } else { kept.append(limit) }
            stored = position
            #expect(try position == 0 || journal.isStored(upTo: position, in: after))
            return isWhole
        }

        // Until the limit is beyond the whole conversation.
        var limit = 0
        while try !send(cutAfterBytes: limit) { limit += 1 }
        #expect(limit > 50)
        #expect(!lost.isEmpty)
        // Some cuts lose only COMMIT's answer: those batches are in.
        #expect(kept.count > 1)
        // They are looked up at once and said, unless the server has not noticed yet that the session is
        // gone: where a busy machine never let it, once more.
        #expect(resolved < kept.count)
        let answerLost = kept.dropLast()
        for _ in 0..<20 where resolved == 0 {
            for limit in answerLost { _ = try send(cutAfterBytes: limit) }
        }
        #expect(resolved > 0)
    }

    /// The end of a cut session reaches the server a moment later.
    private func resumedEventually(
        _ database: TestDatabase, through directory: String? = nil
    ) throws -> LedgerStore {
        let store = try database.open(through: directory)
        try eventually {
            do {
                _ = try store.resume(journalEnd: Position(10_000), chainAt: journal.chain(at:))
                return true
            } catch StoreError.busy { return false }
        }
        return store
    }

    @Test("a server that crashes between and inside batches loses nothing it acknowledged")
    func crash() throws {
        let server = try PrivatePostgres()
        let database = try TestDatabase(on: server)
        defer {
            withExtendedLifetime(database) {}
            server.stop()
        }
        let store = try resumed(database)
        var stored: Int64 = 0
        for round in 0..<3 as Range<Int64> {
            try store.ingest(journal.batch((stored + 1)...(stored + 20)))
            stored += 20
            if round == 1 {
                // Inside a transaction.
                try store.execute("begin; delete from ledger.checkpoints")
            }
            try server.crashAndRestart()
            let error = #expect(throws: StoreError.self) {
                try store.ingest(journal.batch((stored + 1)...(stored + 2)))
            }
            #expect(error?.isRetryable == true)
            let checkpoint = try store.resume(journalEnd: Position(1000), chainAt: journal.chain(at:))
            #expect(checkpoint == journal.checkpoint(at: stored))
            #expect(try journal.isStored(upTo: stored, in: store))
        }
    }

    @Test("a long lock on a table ends in a retryable error, and nothing is stored")
    func lockTimeout() throws {
        let database = try TestDatabase()
        let store = try resumed(database)
        try store.execute("set lock_timeout = '50ms'")
        let blocker = try database.connect()
        try blocker.execute("begin; lock table ledger.usage_hourly in access exclusive mode")
        let error = #expect(throws: StoreError.self) { try store.ingest(journal.batch(1...3)) }
        guard case .server(let said)? = error else { Issue.record("\(String(describing: error))"); return }
        #expect(said.sqlState == "55P03")
        #expect(error?.isRetryable == true)
        try blocker.execute("rollback")
        try store.ingest(journal.batch(1...3))
        #expect(try journal.isStored(upTo: 3, in: store))
    }

    /// What a server may answer at any statement, and whether it passes by itself.
    static let answers: [(String, Bool)] = [
        ("40001", true), ("40P01", true), ("57014", true), ("53300", true), ("53100", true), ("25006", true),
        ("58030", true), ("42501", false), ("23514", false), ("22003", false),
    ]

    @Test("the server's code decides whether an error is tried again", arguments: answers)
    func decides(_ code: String, isRetryable: Bool) throws {
        let database = try TestDatabase()
        let store = try resumed(database)
        try database.run(
            """
            create function public.fail() returns trigger language plpgsql as
              $$ begin raise exception 'made up' using errcode = '\(code)'; end $$;
            create trigger fail before insert on ledger.usage_hourly for each row
              execute function public.fail()
            """)
        let error = #expect(throws: StoreError.self) { try store.ingest(journal.batch(1...3)) }
        #expect(error?.isRetryable == isRetryable)
        switch error {
        case .server(let said)?: #expect(said.sqlState == code)
        case .tooLarge(let positions, let reason)?:
            #expect(code == "22003" && positions == Position(1)...Position(3) && reason.contains("made up"))
        default: Issue.record("\(String(describing: error))")
        }
        try database.run("drop trigger fail on ledger.usage_hourly")
        try store.ingest(journal.batch(1...3))
        #expect(try journal.isStored(upTo: 3, in: store))
    }

    @Test("nothing listens: the error says where and is retryable")
    func unreachable() {
        let error = #expect(throws: StoreError.self) {
            try LedgerStore.open(url: "postgresql://127.0.0.1:1/none", origin: "here")
        }
        #expect(error?.isRetryable == true)
        #expect(error.map { "\($0)".contains("127.0.0.1") } == true)
    }
}
