import LedgerCore
import Postgres
import Testing

@testable import LedgerStore
import TestSupport

@Suite("Ingest")
struct IngestTests {
    let database: TestDatabase
    let journal = SampleJournal()

    init() throws { database = try TestDatabase() }

    private func resumed(
        end: Int64 = 1000, origin: String = "here", _ other: SampleJournal? = nil
    ) throws -> LedgerStore {
        let store = try database.open(origin: origin)
        _ = try store.resume(journalEnd: Position(end), chainAt: (other ?? journal).chain(at:))
        return store
    }

    /// The server notices the end of a session a moment after the client closed it.
    private func waitForOrigin(_ store: LedgerStore) throws {
        try eventually { (try? store.takeOrigin()) != nil }
    }

    @Test("stores every line byte for byte and every column as it was")
    func storesLines() throws {
        let store = try resumed()
        try store.ingest(journal.batch(1...50))
        let lines = try store.lines(after: Position(0), limit: 100)
        #expect(lines.map(\.position.value) == Array(1...50))
        #expect(lines.map(\.line) == (1...50).map { Array(journal.event($0).line) })
        #expect(try store.lines(after: Position(48), limit: 1).map(\.position.value) == [49])
        #expect(try store.chain(at: Position(50)) == journal.chain(50))
        #expect(try store.chain(at: Position(51)) == nil)
        let row = try database.row(
            "select call_id, provider, model, recorded_at, id, session_id from ledger.events "
                + "where position = 5"
        )
        #expect(
            row == [
                "call\t5", "provider\\N", "odd \"model\"\n,{}\\", "2026-11-24 22:04:04+00",
                "00000000-0000-0000-0000-000000000005", nil,
            ])
    }

    @Test("goes on where it stopped after it was opened anew")
    func resumes() throws {
        do { try resumed().ingest(journal.batch(1...10)) }
        let store = try database.open()
        try waitForOrigin(store)
        let checkpoint = try store.resume(journalEnd: Position(25), chainAt: journal.chain(at:))
        #expect(checkpoint == journal.checkpoint(at: 10))
        try store.ingest(journal.batch(11...25))
        #expect(try journal.isStored(upTo: 25, in: store))
    }

    @Test("sums are exact to the last of 18 decimals, over many batches")
    func exactSums() throws {
        let store = try resumed()
        for batch in 0..<20 as Range<Int64> {
            try store.ingest(journal.batch((batch * 25 + 1)...(batch * 25 + 25)))
        }
        #expect(try journal.isStored(upTo: 500, in: store))
        let smallest = try database.value("select min(cost_usd) from ledger.events")
        #expect(smallest == "0.002469135780246914")
    }

    @Test("the same batch twice counts once")
    func idempotent() throws {
        let store = try resumed()
        try store.ingest(journal.batch(1...10))
        try store.ingest(journal.batch(1...10))
        #expect(try journal.isStored(upTo: 10, in: store))
    }

    @Test("a batch that starts elsewhere is refused with the reason")
    func refusesOtherStart() throws {
        let store = try resumed()
        #expect(throws: StoreError.behind(Position(0))) { try store.ingest(journal.batch(5...6)) }
        try store.ingest(journal.batch(1...10))
        #expect(throws: StoreError.behind(Position(10))) { try store.ingest(journal.batch(12...13)) }
        #expect(throws: StoreError.fenced(Position(10))) { try store.ingest(journal.batch(1...5)) }
        let other = SampleJournal(seed: 8)
        #expect(throws: StoreError.foreign(Position(10))) { try store.ingest(other.batch(11...12)) }
        #expect(throws: StoreError.fenced(Position(10))) { try store.ingest(other.batch(1...2)) }
        #expect(try journal.isStored(upTo: 10, in: store))
    }

    @Test("a journal that ends earlier, or has another history, is refused")
    func refusesOtherJournal() throws {
        do { try resumed().ingest(journal.batch(1...10)) }
        let store = try database.open()
        try waitForOrigin(store)
        #expect(throws: StoreError.ahead(store: Position(10), journal: Position(9))) {
            try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        }
        #expect(throws: StoreError.foreign(Position(10))) {
            try store.resume(journalEnd: Position(20), chainAt: SampleJournal(seed: 8).chain(at:))
        }
    }

    @Test("only one session ingests an origin; the next one may when it is gone")
    func onlyOne() throws {
        do {
            let first = try resumed()
            let holder = LockHolder(
                role: "postgres", pid: first.connection.backendID, application: "dispatch-ledger",
                mayIngest: true)
            #expect(throws: StoreError.busy(origin: "here", holder: holder)) { try resumed() }
            try first.ingest(journal.batch(1...3))
        }
        let second = try database.open()
        try waitForOrigin(second)
        #expect(try second.checkpoint() == journal.checkpoint(at: 3))
    }

    @Test("a role that may not ingest, but has the lock, is named with its process")
    func stolenLock() throws {
        let thief = try database.connect(user: "ledger_reader")
        _ = try thief.query("select pg_advisory_lock(hashtextextended('dispatch-ledger:here', 0))")
        let holder = LockHolder(
            role: "ledger_reader", pid: thief.backendID, application: "test", mayIngest: false)
        for user in ["postgres", "ledger_writer"] {
            let error = #expect(throws: StoreError.busy(origin: "here", holder: holder)) {
                try database.open(user: user).takeOrigin()
            }
            #expect(error?.isRetryable == true)
            #expect(error.map { "\($0)".contains("pg_terminate_backend(\(holder.pid))") } == true)
        }
        try database.run("select pg_terminate_backend(\(holder.pid), 5000)")
        try database.open().takeOrigin()
    }

    @Test("a writer without the lock is fenced by the checkpoint")
    func fence() throws {
        let store = try resumed()
        try store.ingest(journal.batch(1...3))
        try database.run("update ledger.checkpoints set position = 5")
        #expect(throws: StoreError.fenced(Position(5))) { try store.ingest(journal.batch(4...6)) }
        #expect(try store.snapshot().eventCount == 3)
    }

    @Test("ingest before resume is refused")
    func needsResume() throws {
        let store = try database.open()
        #expect(throws: StoreError.self) { try store.ingest(journal.batch(1...2)) }
        #expect(try store.checkpoint() == nil)
    }

    @Test("origins do not see each other")
    func origins() throws {
        let here = try resumed()
        let elsewhere = SampleJournal(origin: "there")
        let there = try resumed(origin: "there", elsewhere)
        try here.ingest(journal.batch(1...4))
        try there.ingest(elsewhere.batch(1...7))
        #expect(try journal.isStored(upTo: 4, in: here))
        #expect(try elsewhere.isStored(upTo: 7, in: there))
        #expect(try database.value("select sum(calls) from ledger.cost_by_user") == "11")
    }

    @Test("events of several months go to their own partitions, made as needed")
    func months() throws {
        let store = try database.open()
        let journal = SampleJournal(start: "2030-01-31T23:59:00Z", secondsApart: 20 * 86_400)
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...3))
        let homes = try database.value(
            "select string_agg(tableoid::regclass::text, ' ' order by position) from ledger.events")
        #expect(homes == "ledger.events_2030_01 ledger.events_2030_02 ledger.events_2030_03")
        // The two months after that are there before anything falls into them.
        let ahead = "select to_regclass('ledger.events_2030_0"
        #expect(try database.value("\(ahead)5')") != nil)
        #expect(try database.value("\(ahead)6')") == nil)
        // What is not sealed is not retired, and a month is sealed in its turn and only when it is over.
        let retire = "select ledger.drop_partitions('2030-03-15')"
        let seal = "select ledger.seal_month('here', '2030-0"
        #expect(try database.refusal(of: retire) == "55000")
        #expect(try database.value("\(seal)1-15')") == "1")
        #expect(try database.refusal(of: retire) == "55000")
        #expect(try database.value("\(seal)2-01')") == "1")
        #expect(try database.refusal(of: "\(seal)3-01')") == "55000")
        #expect(try database.refusal(of: "\(seal)5-01')") == "02000")
        try database.run(retire)
        #expect(try database.value("select min(position) from ledger.events") == "3")
        #expect(
            try database.row("select checked, broken_at from ledger.verify_chain('here', 3, 3)") == [
                "1", nil,
            ]
        )
        #expect(try database.value("select sum(calls) from ledger.usage_hourly") == "3")
    }

    @Test("a line that does not go on from the one before it is refused by the server, and stores nothing")
    func brokenLine() throws {
        let store = try resumed()
        try store.ingest(journal.batch(1...3))
        for change in [
            { (event: inout StoredEvent) in event.line.insert(0x20, at: event.line.startIndex) },
            { $0.chain[0] ^= 1 }, { $0.line.removeLast() }, { $0.line[$0.line.endIndex - 3] ^= 1 },
        ] as [(inout StoredEvent) -> Void] {
            var events = journal.batch(4...9).events
            change(&events[3])
            let error = #expect(throws: StoreError.self) {
                try store.ingest(IngestBatch(after: journal.checkpoint(at: 3), events: events, sums: [:]))
            }
            guard case .server(let said)? = error else {
                Issue.record("\(String(describing: error))"); return
            }
            #expect(said.sqlState == "22000")
            #expect(said.message.contains("position 7"))
            #expect(error?.isRetryable == false)
            #expect(try journal.isStored(upTo: 3, in: store))
        }
    }

    @Test("the first line of a journal goes on from the origin's own beginning")
    func foreignBeginning() throws {
        let store = try database.open()
        let other = SampleJournal(origin: "other")
        _ = try store.resume(journalEnd: Position(9), chainAt: other.chain(at:))
        let error = #expect(throws: StoreError.self) { try store.ingest(other.batch(1...3)) }
        guard case .server(let said)? = error else { Issue.record("\(String(describing: error))"); return }
        #expect(said.sqlState == "22000")
        #expect(try store.checkpoint() == nil)
    }

    @Test("a gap, or a chain of another length, stores nothing")
    func malformed() throws {
        let store = try resumed()
        var events = journal.batch(1...3).events
        events.remove(at: 1)
        #expect(throws: StoreError.malformed("position 3 stands where 2 belongs")) {
            try store.ingest(IngestBatch(after: journal.beginning, events: events, sums: [:]))
        }
        events = journal.batch(1...1).events
        events[0].chain.removeLast()
        #expect(throws: StoreError.malformed("the chain at position 1 has 31 bytes")) {
            try store.ingest(IngestBatch(after: journal.beginning, events: events, sums: [:]))
        }
        #expect(try journal.isStored(upTo: 0, in: store))
    }

    @Test("a line that PostgreSQL cannot hold is named, stores nothing, and is not retried")
    func poison() throws {
        let store = try resumed()
        var batch = journal.batch(1...3)
        var events = batch.events
        events[1].line = [0x7B, 0xFF, 0x7D]
        batch = IngestBatch(after: batch.after, events: events, sums: batch.sums)
        let error = #expect(throws: StoreError.self) { try store.ingest(batch) }
        guard case .server(let said)? = error else { Issue.record("\(String(describing: error))"); return }
        #expect(said.sqlState == "22021")
        #expect(said.context.contains("line 2"))
        #expect(error?.isRetryable == false)
        #expect(try journal.isStored(upTo: 0, in: store))
        try store.ingest(journal.batch(1...3))
        #expect(try journal.isStored(upTo: 3, in: store))
    }

    @Test("a position that is there already cannot be inserted beside it")
    func duplicate() throws {
        try resumed().ingest(journal.batch(1...3))
        let error = #expect(throws: (any Error).self) {
            try database.run(
                "insert into ledger.events select * from ledger.events where position = 2")
        }
        #expect("\(try #require(error))".contains("23505"))
    }
}
