import LedgerCore
import Postgres
import Testing

@testable import LedgerStore
import TestSupport

@Suite("Rights and append-only")
struct RightsTests {
    let journal = SampleJournal()

    private func filled(owner: String = "postgres") throws -> TestDatabase {
        let database = try TestDatabase(owner: owner)
        let store = try database.open(user: owner)
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...9))
        return database
    }

    static let changes = [
        "update ledger.events set user_id = 'other'", "delete from ledger.events", "truncate ledger.events",
        "update ledger.events_2026_11 set line = ''", "delete from ledger.events_2026_11 where position = 1",
        "truncate ledger.events_2026_11",
        "insert into ledger.events select * from ledger.events on conflict (origin, position, recorded_at) "
            + "do update set line = ''",
    ]

    @Test("the superuser cannot change an event", arguments: changes)
    func superuser(_ change: String) throws {
        let database = try filled()
        #expect(try database.refusal(of: change) == "55000")
        #expect(try database.value("select count(*) from ledger.events where line <> ''") == "9")
    }

    @Test("the owner has no right to change an event, and gains nothing by granting it", arguments: changes)
    func owner(_ change: String) throws {
        try Self.makeOwner()
        let database = try filled(owner: "sample_owner")
        #expect(try database.refusal(of: change, as: "sample_owner") == "42501")
        try database.run(
            "grant all on ledger.events, ledger.events_2026_11 to sample_owner", as: "sample_owner")
        #expect(try database.refusal(of: change, as: "sample_owner") == "55000")
        #expect(try database.value("select count(*) from ledger.events where line <> ''") == "9")
    }

    /// A role of the cluster, which all tests share: made once.
    private static func makeOwner() throws {
        try TestDatabase(migrated: false).run(
            """
            do $$ begin
              create role sample_owner login createrole;
            exception when duplicate_object or unique_violation then null;
            end $$
            """)
    }

    @Test("the writer can ingest, also into a new month")
    func writerIngests() throws {
        let database = try TestDatabase()
        let store = try database.open(user: "ledger_writer")
        let journal = SampleJournal(start: "2031-05-31T23:59:59Z")
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...9))
        #expect(try journal.isStored(upTo: 9, in: store))
    }

    @Test(
        "the writer can do nothing else",
        arguments: changes + [
            "delete from ledger.checkpoints", "truncate ledger.usage_hourly", "drop table ledger.events",
            "delete from ledger.usage_hourly", "select ledger.drop_partitions(now())",
            "insert into ledger.schema_migrations values (99, 'x', 'x')",
            "insert into ledger.events select * from ledger.events",
            "update ledger.checkpoints set position = 1", "update ledger.usage_hourly set cost_usd = 0",
            "insert into ledger.usage_daily select * from ledger.usage_daily",
            "update ledger.usage_by_user_daily set cost_usd = 0", "delete from ledger.usage_by_model_daily",
            "truncate ledger.usage_by_model_hourly",
            "insert into ledger.quotas select * from ledger.quotas", "select ledger.add_usage('here')",
            "select ledger.add_quotas('here', '[]')", "select ledger.add_containers('here', '[]')",
            "insert into ledger.sealed_months select * from ledger.sealed_months",
        ])
    func writerCannot(_ change: String) throws {
        #expect(try filled().refusal(of: change, as: "ledger_writer") == "42501")
    }

    @Test("the writer can put nothing in the place of the tables that the server reads from")
    func incomingTables() throws {
        let database = try TestDatabase()
        let writer = try database.connect(user: "ledger_writer")
        func refusal(_ statement: String) throws -> String? {
            let error = #expect(throws: PostgresError.self) { try writer.execute(statement) }
            return error?.sqlState
        }
        try writer.execute("create temp view ledger_incoming as select 1 as position")
        #expect(try refusal("select ledger.open_ingest()") == "55000")
        #expect(try refusal("select ledger.ingest('here', 0, '', '[]', '[]')") == "55000")
        try writer.execute("drop view ledger_incoming; select ledger.open_ingest()")
        for statement in [
            "select * from ledger_incoming", "truncate ledger_incoming", "drop table ledger_incoming",
            "alter table ledger_incoming add column more int",
            "create trigger t before insert on ledger_incoming execute function suppress_redundant_updates_trigger()",
            "select * from ledger_checked", "delete from ledger_checked",
            "insert into ledger_checked values ('here', 0, '', 1, '')",
        ] { #expect(try refusal(statement) == "42501", "\(statement)") }
        try writer.execute("select ledger.open_ingest()")
        #expect(try refusal("select ledger.ingest('here', 0, '', '[]', '[]')") == "22000")
        #expect(try database.value("select count(*) from ledger.checkpoints") == "0")
    }

    @Test("a line that comes after the check is checked too")
    func afterTheCheck() throws {
        let database = try TestDatabase()
        let store = try database.open(origin: "here")
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        let batch = journal.batch(1...9)
        let sent = try store.send(
            IngestBatch(after: batch.after, events: batch.events, sums: batch.sums, isFull: true))
        let forged =
            "(position, recorded_at, id, type, chain, line) values (10, now(), gen_random_uuid(), 'x', '', 'x')"
        try store.execute("insert into pg_temp.ledger_incoming \(forged)")
        let error = #expect(throws: StoreError.self) { try store.store(sent) }
        #expect("\(String(describing: error))".contains("does not go on at position 10"))
        #expect(try database.value("select count(*) from ledger.events") == "0")
        try store.ingest(batch)
        #expect(try database.value("select count(*) from ledger.events") == "9")
    }

    @Test("the reader reads every view", arguments: ViewTests.names)
    func readerReads(_ view: String) throws {
        let database = try filled()
        let expected = try database.value("select count(*) from ledger.\(view)")
        #expect(try database.value("select count(*) from ledger.\(view)", as: "ledger_reader") == expected)
        #expect(
            try database.value("select count(*) from (select * from ledger.\(view)) v", as: "ledger_reader")
                != nil)
    }

    @Test(
        "the reader cannot read a line, and writes nothing",
        arguments: [
            ("select line from ledger.events", "42501"), ("select * from ledger.events", "42501"),
            ("select line from ledger.events_2026_11", "42501"), ("select chain from ledger.events", "42501"),
            ("copy ledger.events to stdout", "42501"),
            ("insert into ledger.checkpoints values ('x', 1, '')", "25006"),
            ("begin read write; delete from ledger.usage_hourly", "42501"),
            ("select ledger.ensure_partition(now() + interval '9 years')", "42501"),
            ("create temp table t (a int)", "25006"),
        ])
    func readerCannot(_ statement: String, code: String) throws {
        #expect(try filled().refusal(of: statement, as: "ledger_reader") == code)
    }

    @Test("a month's partition has its bounds in UTC, whoever makes it")
    func partitionBounds() throws {
        let database = try TestDatabase()
        try database.run(
            """
            set datestyle = 'SQL, DMY'; set timezone = 'Asia/Kolkata';
            select ledger.ensure_partition('2027-03-10Z')
            """, as: "ledger_writer")
        let bounds = "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'events_2027_03'"
        #expect(
            try database.value(bounds)
                == "FOR VALUES FROM ('2027-03-01 00:00:00+00') TO ('2027-04-01 00:00:00+00')")
    }

    @Test("the reader may have a chain recomputed whose lines it may not read")
    func readerVerifies() throws {
        let check = "select checked, broken_at from ledger.verify_chain('here', 1, 9)"
        #expect(try filled().row(check, as: "ledger_reader") == ["9", nil])
    }

    @Test("the reader's statements end by themselves")
    func readerTimeout() throws {
        let database = try TestDatabase()
        let settings = try database.value(
            "select array_to_string(setconfig, ' ') from pg_db_role_setting "
                + "where setrole = 'ledger_reader'::regrole"
        )
        #expect(settings == "default_transaction_read_only=on statement_timeout=30s work_mem=64MB jit=off")
    }

    @Test("the views sum over origins, exactly")
    func viewSums() throws {
        let database = try filled()
        let elsewhere = SampleJournal(origin: "there")
        let there = try database.open(origin: "there")
        _ = try there.resume(journalEnd: Position(9), chainAt: elsewhere.chain(at:))
        try there.ingest(elsewhere.batch(1...9))
        let sum = (1...9).reduce(Money.zero) { $0.addingClamped(journal.cost($1)) }
        let twice = sum.addingClamped(sum)
        for view in ViewTests.ofMoney {
            let row = try database.row(
                "select sum(cost_usd), sum(calls), sum(input_tokens) from ledger.\(view)")
            #expect(try Money(decimal: row[0] ?? "") == twice)
            #expect(row[1] == "18")
            #expect(row[2] == "900")
        }
    }

    @Test("the database itself recomputes the chain, and says where it breaks")
    func verifyChain() throws {
        let database = try TestDatabase()
        // Twelve lines with true chains, number 7 altered afterwards as a broken disk would: before it gets
        // here.
        try database.run(
            """
            do $$
            declare chain bytea := sha256('dispatch-ledger:here'); body text;
            begin
              perform ledger.ensure_partition('2026-11-24');
              for i in 1..12 loop
                body := format('{"position":%s,"text":"ünï \\\\"', i);
                chain := sha256(chain || convert_to(body, 'UTF8'));
                insert into ledger.events (origin, position, recorded_at, id, type, chain, line)
                  values ('here', i, '2026-11-24', gen_random_uuid(), 't', chain,
                    case i when 7 then '{"p' else '' end || body
                  || ',"chain":"' || encode(chain, 'hex') || '"}');
              end loop;
            end $$
            """)
        let check = "select checked, broken_at from ledger.verify_chain"
        #expect(try database.row("\(check)('here', 1, 6)") == ["6", nil])
        #expect(try database.row("\(check)('here', 3, 12)") == ["4", "7"])
        #expect(try database.row("\(check)('here', 8, 12)") == ["5", nil])
        #expect(try database.row("\(check)('here', 8, 13)") == ["5", "13"])
        #expect(try database.row("\(check)('there', 1, 1)") == ["0", "1"])
    }
}
