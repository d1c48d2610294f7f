package import LedgerCore
package import Postgres

/// Why the store did not do what it was asked.
package enum StoreError: Error, Hashable {
    /// PostgreSQL cannot be reached, or went away; what was being stored is stored whole or not at all.
    case connection(String)
    /// Another session is ingesting this origin.
    case busy(origin: String)
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
    /// The migration that the database has under this number is not the one that this program carries.
    case migrationChanged(Int)
    /// The database holds other origins as well, so it is not erased.
    case shared(origins: [String])
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
        case .connection, .busy, .behind: true
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
        case .busy(let origin): "another process is ingesting origin \"\(origin)\"; only one may"
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
        case .migrationChanged(let version):
            "migration \(version) in the database is not the one in this program; "
                + "released migrations never change"
        case .shared(let origins):
            "the database also holds \(origins.joined(separator: ", ")): rebuild would lose them"
        case .malformed(let reason): "malformed batch: \(reason)"
        case .server(let message): "PostgreSQL: \(PostgresError.server(message))"
        case .unreadable(let what): "cannot read \(what) from the database"
        }
    }
}
