import Foundation
package import LedgerStore
package import Postgres

/// One database of one test, on the shared server; dropped at the end.
package final class TestDatabase {
    package let server: PrivatePostgres
    package let name: String

    /// Creates an empty database, or a migrated one.
    package init(
        migrated: Bool = true, owner: String = "postgres", on server: PrivatePostgres? = nil
    ) throws {
        self.server = try server ?? PrivatePostgres.shared.get()
        name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let admin = try connect(database: "postgres")
        try admin.execute("create database \(name) owner \(owner)")
        if migrated { try open(origin: "setup", user: owner).migrate() }
    }

    deinit {
        guard let admin = try? connect(database: "postgres") else { return }
        try? admin.execute("drop database if exists \(name) with (force)")
    }

    /// A store of its own connection.
    package func open(
        origin: String = "here", user: String = "postgres", through directory: String? = nil
    ) throws -> LedgerStore {
        try LedgerStore.open(
            url: server.url(database: name, user: user, directory: directory), origin: origin)
    }

    /// A plain connection.
    package func connect(user: String = "postgres", database: String? = nil) throws -> PostgresConnection {
        var options = PostgresOptions(applicationName: "test")
        options.needsWrites = false
        return try PostgresConnection.connect(
            url: server.url(database: database ?? name, user: user), options: options)
    }

    /// Runs statements, as the superuser unless told otherwise.
    package func run(_ sql: String, as user: String = "postgres") throws {
        try connect(user: user).execute(sql)
    }

    /// How many advisory locks are held in this database: one for each session of an ingest.
    package func advisoryLocks() throws -> Int64? {
        try connect().query(
            """
            select count(*) from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
            """
        ).integer(0, 0)
    }

    /// Every row.
    package func rows(_ sql: String, as user: String = "postgres") throws -> [[String?]] {
        let rows: PostgresResult = try connect(user: user).query(sql)
        return (0..<rows.rowCount).map { row in (0..<rows.columnCount).map { rows.text(row, $0) } }
    }

    /// The first row.
    package func row(_ sql: String, as user: String = "postgres") throws -> [String?] {
        try rows(sql, as: user).first ?? []
    }

    /// The first column.
    package func column(_ sql: String, as user: String = "postgres") throws -> [String?] {
        try rows(sql, as: user).map { $0.first ?? nil }
    }

    /// The first value of the first row.
    package func value(_ sql: String, as user: String = "postgres") throws -> String? {
        try row(sql, as: user).first ?? nil
    }

    /// The code with which the server refuses `sql`; nil when it does not.
    package func refusal(of sql: String, as user: String = "postgres") throws -> String? {
        do { try run(sql, as: user) } catch let error as PostgresError { return error.sqlState }
        return nil
    }
}
