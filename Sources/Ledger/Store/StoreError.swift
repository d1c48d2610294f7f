package import LedgerCore
package import Postgres

/// Why the store did not do what it was asked.
package enum StoreError: Error, Hashable {
    /// PostgreSQL cannot be reached, or went away; what was being stored is stored whole or not at all.
    case connection(String)
    /// Another session has this origin's lock; who, where the server still knows.
    case busy(origin: String, holder: LockHolder?)
    /// The store is at this earlier position (0: it has nothing): read the journal again from there.
    case behind(Position)
    /// The store holds positions that the journal does not have: another, longer journal of this origin.
    case ahead(store: Position, journal: Position)
    /// The store's chain at this position is not the journal's: another journal of this origin.
    case foreign(Position)
    /// Someone else moved the checkpoint, to this position.
    case fenced(Position)
    /// The database's schema is older than this program; `dledger migrate` brings it up.
    case schema(found: Int, wanted: Int)
    /// The database has this program's schema version, but not its functions and views: by their names.
    case objects(differing: [String])
    /// The migration that the database has under this number is not the one that this program carries.
    case migrationChanged(Int)
    /// The database holds other origins as well, so it is not erased.
    case shared(origins: [String])
    /// The journal could not be read at this position, which is where the store is.
    case journal(at: Position, String)
    /// The database has no room for an amount of these events, or for a sum that they bring about.
    case tooLarge(ClosedRange<Position>, String)
    /// The caller's batch contradicts itself.
    case malformed(String)
    /// The server refused.
    case server(PostgresError.ServerMessage)
    /// A value came back that the schema does not allow.
    case unreadable(String)

    init(_ error: PostgresError) {
        switch error {
        case .server(let message) where !error.isConnectionLost: self = .server(message)
        default: self = .connection(error.description)
        }
    }

    /// Whether the same request may succeed later without anybody's help.
    package var isRetryable: Bool {
        switch self {
        case .connection, .busy, .behind, .journal: true
        case .server(let message): Self.isPassing(message.sqlState)
        default: false
        }
    }

    /// Serialization and deadlock, resources, timeouts and locks, shutdown, a standby, an input/output error.
    private static func isPassing(_ sqlState: String) -> Bool {
        ["40", "53", "55P03", "57", "25006", "58"].contains { sqlState.hasPrefix($0) }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connection(let reason): reason
        case .busy(let origin, let holder): Self.words(origin, holder)
        case .behind(let position): "the database is at position \(position.value), earlier than expected"
        case .ahead(let store, let journal):
            "the database is ahead of the journal: it is at position \(store.value), the journal ends at "
                + "\(journal.value). It is another journal's: give this one its own LEDGER_ORIGIN, or restore the journal"
        case .foreign(let position):
            "the database's chain at position \(position.value) is not this journal's: "
                + "give this journal its own LEDGER_ORIGIN, or rebuild the database from it"
        case .fenced(let position): "another process moved the checkpoint to position \(position.value)"
        case .schema(let found, let wanted):
            "the database has schema version \(found), this program needs \(wanted): run `dledger migrate`"
        case .objects(let differing):
            "the database has other functions and views than this program (\(differing.prefix(3).joined(separator: ", "))"
                + (differing.count > 3 ? " and \(differing.count - 3) more" : "")
                + "): a migration was ended before its end, or another version's program ran it; "
                + "run `dledger migrate` with this program"
        case .migrationChanged(let version):
            "migration \(version) in the database is not the one in this program; "
                + "released migrations never change"
        case .shared(let origins):
            "the database also holds \(origins.joined(separator: ", ")): rebuild would lose them"
        case .journal(let position, let reason):
            "cannot read the journal at position \(position.value), up to which the database has it: \(reason)"
        case .tooLarge(let positions, let reason):
            "an amount \(Self.words(positions)) is beyond what the database holds, 10^20 USD (\(reason)): the journal "
                + "has it, SQL stops before it. Nobody owes so much: look at the line and at the price book or limit "
                + "that it comes from, and go on with a journal of another LEDGER_ORIGIN"
        case .malformed(let reason): "malformed batch: \(reason)"
        case .server(let message): "PostgreSQL: \(PostgresError.server(message))"
        case .unreadable(let what): "cannot read \(what) from the database"
        }
    }

    private static func words(_ positions: ClosedRange<Position>) -> String {
        positions.lowerBound == positions.upperBound
            ? "at position \(positions.lowerBound.value)"
            : "at one of positions \(positions.lowerBound.value) to \(positions.upperBound.value)"
    }

    private static func words(_ origin: String, _ holder: LockHolder?) -> String {
        guard let holder else { return "another process is ingesting origin \"\(origin)\"; only one may" }
        guard holder.mayIngest else {
            return
                "the lock of origin \"\(origin)\" is held by \(holder), which may not ingest: as a superuser, "
                + "select pg_terminate_backend(\(holder.pid)), and take that role's CONNECT from the database "
                + "(docs/postgresql.md)"
        }
        return "another process is ingesting origin \"\(origin)\" (\(holder)); only one may"
    }
}
