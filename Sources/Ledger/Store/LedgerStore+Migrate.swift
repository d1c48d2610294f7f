import Postgres

extension LedgerStore {
    /// The schema version that this program needs.
    package static var schemaVersionWanted: Int { Migration.all.last?.version ?? 0 }

    /// The database's schema version; 0 for an empty database.
    package func schemaVersion() throws(StoreError) -> Int {
        // Two steps: a statement that names the table does not parse before it is there.
        guard try query("select to_regclass('ledger.schema_migrations')").text(0, 0) != nil else { return 0 }
        return Int(try query("select max(version) from ledger.schema_migrations").integer(0, 0) ?? 0)
    }

    /// Applies the migrations that are missing, each in its own transaction, replaces the functions and views
    /// that differ, and makes this and the next two months.
    ///
    /// Safe to run from several processes at once.
    ///
    /// - Returns: the names of those applied now.
    /// - Throws: ``StoreError/migrationChanged(_:)``, ``StoreError/connection(_:)``,
    ///   ``StoreError/server(_:)``.
    @discardableResult
    package func migrate() throws(StoreError) -> [String] {
        var applied: [String] = []
        for migration in Migration.all where try apply(migration) { applied.append(migration.name) }
        try replaceObjects()
        _ = try query("select ledger.create_partitions(2)")
        return applied
    }

    /// Drops the whole schema, so that it can be built again from the journal.
    ///
    /// - Throws: ``StoreError/shared(origins:)`` when other journals are in it too.
    package func erase() throws(StoreError) {
        try inTransaction("") { () throws(StoreError) in
            if try query("select to_regclass('ledger.checkpoints')").text(0, 0) != nil {
                try execute("lock table ledger.checkpoints in access exclusive mode")
                let rows = try query(
                    "select origin from ledger.checkpoints where origin <> $1 order by 1", [origin])
                let others = (0..<rows.rowCount).compactMap { rows.text($0, 0) }
                guard others.isEmpty else { throw .shared(origins: others) }
            }
            try execute("drop schema if exists ledger cascade")
        }
        monthsReady = []
        isSchemaRight = false
    }

    /// Refuses a database that lacks what this program reads and writes; a newer one only has more.
    ///
    /// Of the program's own version the functions and views must be the program's too: a migration that was
    /// killed after its last step has left the old ones. Looked at once a session.
    func requireSchema() throws(StoreError) {
        guard !isSchemaRight else { return }
        let found = try schemaVersion()
        guard found >= Self.schemaVersionWanted else {
            throw .schema(found: found, wanted: Self.schemaVersionWanted)
        }
        if found == Self.schemaVersionWanted {
            let differing = try namesOfDifferingObjects()
            guard differing.isEmpty else { throw .objects(differing: differing.sorted()) }
        }
        isSchemaRight = true
    }

    /// Brings functions and views up to this program's, unless the database has a newer schema.
    private func replaceObjects() throws(StoreError) {
        try inTransaction(Self.migrationSettings) { () throws(StoreError) in
            try takeMigrationLock()
            guard try schemaVersion() <= Self.schemaVersionWanted else { return }
            let differing = try namesOfDifferingObjects()
            for object in Migration.objects where differing.contains(object.name) {
                try execute(object.sql)
                _ = try query(
                    """
                    insert into ledger.schema_objects (name, sha256)
                    values ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'))
                    on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()
                    """, [object.name, object.sql])
            }
        }
    }

    private func namesOfDifferingObjects() throws(StoreError) -> Set<String> {
        var names = ArrayText()
        var texts = ArrayText()
        for object in Migration.objects {
            names.append(object.name)
            texts.append(object.sql)
        }
        let rows = try query(
            """
            select name from unnest($1::text[], $2::text[]) as wanted (name, text)
              left join ledger.schema_objects using (name)
            where sha256 is distinct from encode(sha256(convert_to(text, 'UTF8')), 'hex')
            """, [names.text, texts.text])
        return Set((0..<rows.rowCount).compactMap { rows.text($0, 0) })
    }

    private static let migrationSettings = "set local statement_timeout = 0; set local lock_timeout = '60s'"

    private func takeMigrationLock() throws(StoreError) {
        _ = try query("select pg_advisory_xact_lock(hashtextextended('dispatch-ledger.migrate', 0))")
    }

    /// Applies one migration unless the database has it.
    private func apply(_ migration: Migration) throws(StoreError) -> Bool {
        var isNew = false
        try inTransaction(Self.migrationSettings) { () throws(StoreError) in
            try takeMigrationLock()
            if try schemaVersion() > 0 {
                let rows = try query(
                    """
                    select sha256 = encode(sha256(convert_to($2, 'UTF8')), 'hex')
                    from ledger.schema_migrations where version = $1
                    """, [String(migration.version), migration.sql])
                if rows.rowCount > 0 {
                    guard rows.text(0, 0) == "t" else { throw .migrationChanged(migration.version) }
                    return
                }
            }
            try execute(migration.sql)
            _ = try query(
                """
                insert into ledger.schema_migrations (version, name, sha256)
                values ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
                """, [String(migration.version), migration.name, migration.sql])
            isNew = true
        }
        return isNew
    }

    /// Runs `body` between BEGIN and COMMIT; an error rolls back.
    func inTransaction(_ settings: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
        try execute("begin; \(settings)")
        do {
            try body()
            try execute("commit")
        } catch {
            try rollBack()
            throw error
        }
    }
}
