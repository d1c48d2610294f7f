import LedgerStore
package import Metrics
import Synchronization
import Threads

/// Counts of what this process copied into PostgreSQL, for `/metrics`.
package final class IngestCounts: Sendable {
    private let state = Lock(Values())

    /// What there is to count.
    package struct Values: Sendable {
        /// Events that were stored.
        package fileprivate(set) var events: Int64 = 0
        /// Transactions that they were stored in, one a batch.
        package fileprivate(set) var transactions: Int64 = 0
        /// How long each took, in seconds.
        package fileprivate(set) var seconds = Distribution(bounds: IngestCounts.secondsBounds)
        /// How often it did not go on.
        package fileprivate(set) var failures: [Reason: Int64] = [:]
    }

    /// Why the copy did not go on.
    package enum Reason: String, CaseIterable, Sendable {
        /// The server cannot be reached, or fell silent.
        case connection
        /// Another session has the origin's lock.
        case busy
        /// The database is another journal's, ahead of this one, or moved by somebody else.
        case history
        /// The schema is not this program's.
        case schema
        /// The server refused, for now or for good.
        case refused
        /// The journal cannot be read.
        case journal
    }

    private static let secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    init() {}

    /// What was counted so far.
    package var values: Values { state.withLock { $0 } }

    func count(events: Int, nanoseconds: UInt64) {
        state.withLock { values in
            values.events += Int64(events)
            values.transactions += 1
            values.seconds.observe(Double(nanoseconds) / 1e9)
        }
    }

    func count(_ reason: Reason) { state.withLock { $0.failures[reason, default: 0] += 1 } }
}

extension IngestCounts.Reason {
    /// The reason that `error` counts as.
    init(_ error: StoreError) {
        self =
            switch error {
            case .connection: .connection
            case .busy: .busy
            case .behind, .ahead, .foreign, .fenced, .shared: .history
            case .schema, .objects, .migrationChanged: .schema
            case .journal: .journal
            case .server, .tooLarge, .malformed, .unreadable: .refused
            }
    }
}
