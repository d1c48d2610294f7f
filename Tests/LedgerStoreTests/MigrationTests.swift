import Foundation
import LedgerCore
import Postgres
import Testing

@testable import LedgerStore
import TestSupport

@Suite("Migrations")
struct MigrationTests {
    /// The package's folder.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("an empty database is brought up to date, and then stays as it is")
    func fromNothing() throws {
        let database = try TestDatabase(migrated: false)
        let store = try database.open()
        #expect(try store.schemaVersion() == 0)
        #expect(throws: StoreError.schema(found: 0, wanted: LedgerStore.schemaVersionWanted)) {
            try store.resume(journalEnd: Position(0), chainAt: SampleJournal().chain(at:))
        }
        #expect(try store.migrate() == Migration.all.map(\.name))
        #expect(try store.schemaVersion() == LedgerStore.schemaVersionWanted)
        #expect(try store.migrate() == [])
        #expect(try database.value("select ledger.schema_version()") == "\(LedgerStore.schemaVersionWanted)")
        let partitions = "select count(*) from pg_inherits where inhparent = 'ledger.events'::regclass"
        #expect(try database.value(partitions) == "3")
        #expect(try database.value("select ledger.create_partitions(4)") == "2")
        #expect(try database.refusal(of: "select ledger.create_partitions(-1)") == "22023")
    }

    @Test("several processes that migrate at once apply each migration once")
    func concurrently() async throws {
        let database = try TestDatabase(migrated: false)
        let url = database.server.url(database: database.name)
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 { group.addTask { try LedgerStore.open(url: url, origin: "here").migrate() } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == Migration.all.map(\.name).sorted())
    }

    @Test("writers that meet at the turn of a month make its partition once")
    func partitionRace() async throws {
        let database = try TestDatabase()
        let url = database.server.url(database: database.name)
        for year in 2040..<2050 {
            let created = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let store = try LedgerStore.open(url: url, origin: "here")
                        let rows = try store.query("select ledger.ensure_partition($1)", ["\(year)-06-01Z"])
                        return rows.text(0, 0) == "t" ? 1 : 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(created == 1)
        }
    }

    @Test("a database whose migration differs from the program's is refused")
    func changed() throws {
        let database = try TestDatabase()
        try database.run("update ledger.schema_migrations set sha256 = 'other' where version = 2")
        #expect(throws: StoreError.migrationChanged(2)) { try database.open().migrate() }
    }

    @Test("the recorded digests are those of the files, and the program carries the files as they are")
    func embedded() throws {
        let folder = Self.root.appendingPathComponent("migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".sql") }.sorted()
        #expect(files.count == Migration.all.count)
        for (file, migration) in zip(files, Migration.all) {
            let number = String(migration.version)
            let padded = String(repeating: "0", count: 4 - number.count) + number
            #expect(file == "\(padded)_\(migration.name).sql")
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            #expect(text == migration.sql, "run script/embed-migrations")
            #expect(text.hasSuffix("\n"))
        }
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
        for object in Migration.objects {
            let file = folder.appendingPathComponent("\(object.name).sql")
            #expect(
                try String(contentsOf: file, encoding: .utf8) == object.sql, "run script/embed-migrations")
        }
    }

    @Test("functions and views are replaced when their text differs, but never by an older program")
    func objects() throws {
        let database = try TestDatabase()
        let sabotage =
            "create or replace function ledger.schema_version() returns integer language sql as 'select 0'; "
        let known =
            "update ledger.schema_objects set sha256 = 'other' where name = 'functions/schema_version'"
        let version = "select ledger.schema_version()"
        try database.run(sabotage + known)
        #expect(try database.value(version) == "0")
        try database.open().migrate()
        let wanted = LedgerStore.schemaVersionWanted
        #expect(try database.value(version) == "\(wanted)")
        try database.run(
            sabotage + known + "; insert into ledger.schema_migrations values (\(wanted + 1), 'later', 'x')")
        try database.open().migrate()
        #expect(try database.value(version) == "0")
    }

    @Test("the smaller sums of a database from before them are added up from what it has")
    func smallerSums() throws {
        let database = try TestDatabase()
        let journal = SampleJournal()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...7))
        try database.run(
            """
            drop table ledger.usage_by_user_daily, ledger.usage_by_user_monthly, ledger.usage_by_model_daily,
              ledger.usage_by_model_hourly cascade;
            create index usage_hourly_dispatches on ledger.usage_hourly (bucket) where kind = 'dispatch';
            delete from ledger.schema_migrations where version = 8; delete from ledger.schema_objects;
            """)
        #expect(try database.open().migrate() == ["smaller_sums"])
        #expect(try journal.isStored(upTo: 7, in: store))
        try store.ingest(journal.batch(8...9))
        #expect(try journal.isStored(upTo: 9, in: store))
    }

    @Test("a migration that was killed after its last step, before the functions, is not taken for done")
    func killedBeforeObjects() throws {
        let database = try TestDatabase(migrated: false)
        try database.run(Migration.all.map(\.sql).joined())
        for migration in Migration.all {
            try database.run(
                "insert into ledger.schema_migrations values (\(migration.version), '\(migration.name)', 'x')"
            )
        }
        let store = try database.open()
        let journal = SampleJournal()
        let missing = StoreError.objects(differing: Migration.objects.map(\.name).sorted())
        #expect(throws: missing) { try store.resume(journalEnd: Position(0), chainAt: journal.chain(at:)) }
        #expect(throws: missing) { try store.snapshot() }
        #expect(!missing.isRetryable && "\(missing)".contains("dledger migrate"))
        try database.run(
            "update ledger.schema_migrations set sha256 = encode(sha256(convert_to(v.sql, 'UTF8')), 'hex') "
                + "from (values \(Migration.all.map { "(\($0.version), $sql$\($0.sql)$sql$)" }.joined(separator: ", "))) "
                + "v (version, sql) where v.version = schema_migrations.version")
        try store.migrate()
        _ = try store.resume(journalEnd: Position(0), chainAt: journal.chain(at:))
        // And one object of another program's.
        try database.run("update ledger.schema_objects set sha256 = 'x' where name = 'views/cost_daily'")
        #expect(throws: StoreError.objects(differing: ["views/cost_daily"])) {
            try database.open(origin: "there").resume(journalEnd: Position(0), chainAt: journal.chain(at:))
        }
        // What a newer program brought only has more.
        try database.run(
            "insert into ledger.schema_migrations values (\(LedgerStore.schemaVersionWanted + 1), 'later', 'x')"
        )
        _ = try database.open(origin: "else").resume(journalEnd: Position(0)) { _ in
            SampleJournal(origin: "else").chain(0)
        }
    }

    static func check() throws -> String {
        try String(
            contentsOf: root.appendingPathComponent("migrations/checks/distributable.sql"), encoding: .utf8)
    }

    @Test("the schema has nothing that could not be distributed or changed unseen")
    func distributable() throws {
        let findings = try TestDatabase().rows(Self.check())
        #expect(findings == [])
    }

    /// One fault each, and what the check says to it.
    static let faults: [(String, String)] = [
        (
            "create unique index on ledger.usage_hourly (user_id, bucket)",
            "unique without the distribution column"
        ),
        (
            "drop trigger append_only_truncate on ledger.events_2026_11",
            "append-only trigger is missing (truncate)"
        ),
        ("alter table ledger.events disable trigger append_only", "append-only trigger is missing (update)"),
        (
            "create view ledger.loose as select 1 as one; comment on view ledger.loose is 'x'",
            "view without security_invoker"
        ),
        (
            "create function ledger.f() returns int language sql as 'select 1'",
            "function that everyone may execute"
        ),
        ("create table ledger.t (a int); comment on table ledger.t is 'x'", "no comment"),
        (
            "create view ledger.v with (security_invoker = true) as select 1 as a; "
                + "comment on view ledger.v is 'x'", "no comment"
        ),
        (
            "alter table ledger.checkpoints drop constraint checkpoints_pkey; "
                + "alter table ledger.checkpoints alter origin drop not null",
            "distribution column is not \"text not null\""
        ),
        (
            "alter table ledger.budget_leases add foreign key (origin) references ledger.checkpoints",
            "foreign key off the distribution column"
        ),
        ("create rule r as on delete to ledger.checkpoints do instead nothing", "rewrite rule"),
        (
            "create function ledger.g() returns timestamptz language sql as "
                + "$$select date_trunc('day', now())$$",
            "date_trunc without a time zone in a body"
        ),
        (
            "create trigger s before update on ledger.usage_hourly execute function ledger.refuse_change()",
            "statement trigger on a row change"
        ),
    ]

    @Test("each kind of fault is found", arguments: faults)
    func findsFault(_ fault: String, finding: String) throws {
        let database = try TestDatabase()
        _ = try database.value("select ledger.ensure_partition('2026-11-24')")
        try database.run(fault)
        #expect(try database.column(Self.check()).contains(finding))
    }

    @Test("erase drops the schema, unless other journals are in it")
    func erase() throws {
        let database = try TestDatabase()
        let journal = SampleJournal()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...9))
        #expect(throws: StoreError.shared(origins: ["here"])) { try database.open(origin: "there").erase() }
        try store.erase()
        #expect(try store.schemaVersion() == 0)
        try store.migrate()
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        try store.ingest(journal.batch(1...9))
        #expect(try journal.isStored(upTo: 9, in: store))
    }
}
