import LedgerStore

/// The database that a command works with.
enum PostgresSource {
    /// Its URL; `purpose` is the option or command that needs it.
    static func url(_ settings: Settings, for purpose: String) throws(CommandFailure) -> String {
        guard let url = settings.postgresURL else {
            throw CommandFailure(ExitCode.usage, "\(purpose) needs LEDGER_POSTGRES_URL")
        }
        return url
    }

    /// Connects.
    static func open(_ settings: Settings, for purpose: String) throws(CommandFailure) -> LedgerStore {
        let url = try url(settings, for: purpose)
        do throws(StoreError) {
            return try LedgerStore.open(
                url: url, origin: settings.origin, statementTimeoutMilliseconds: LedgerStore.unlimited)
        } catch { throw failure(error) }
    }

    static func failure(_ error: StoreError) -> CommandFailure {
        switch error {
        case .shared:
            CommandFailure(
                ExitCode.cannotWrite,
                "\(error). Nothing was changed. To build all of them anew, run `dledger migrate` on an empty "
                    + "database and give it to each server as LEDGER_POSTGRES_URL: each copies its journal into it"
            )
        case .busy(_, let holder) where holder?.mayIngest != false:
            CommandFailure(
                ExitCode.unavailable,
                "\(error). Nothing was changed. Stop the server that does, then run this again")
        default: CommandFailure(ExitCode.unavailable, "\(error)")
        }
    }
}
