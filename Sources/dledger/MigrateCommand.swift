import LedgerStore
import Terminal

/// `dledger migrate`.
enum MigrateCommand {
    static let description = CommandDescription(
        name: "migrate", summary: "Brings the PostgreSQL schema up to this version.", usage: "migrate",
        options: [],
        run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        try Arguments(words).end()
        let settings = try Settings(environment)
        guard let url = settings.postgresURL else {
            throw CommandFailure(
                ExitCode.usage, "LEDGER_POSTGRES_URL is not set: there is nothing to migrate")
        }
        do throws(StoreError) {
            let store = try LedgerStore.open(
                url: url, origin: settings.origin, statementTimeoutMilliseconds: LedgerStore.unlimited)
            let applied = try store.migrate()
            for name in applied { Terminal.write("applied \(name)\n") }
            Terminal.write("schema is at version \(LedgerStore.schemaVersionWanted)\n")
            return ExitCode.done
        } catch { throw CommandFailure(ExitCode.unavailable, "\(error)") }
    }
}
