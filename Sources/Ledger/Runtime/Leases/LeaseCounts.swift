package import Metrics
import Synchronization
import Threads

/// What became of leases, for `/metrics`.
package final class LeaseCounts: Sendable {
    private let state = Lock(Values())

    private struct Values: Sendable {
        var isConnected = false
        var outcomes: [Outcome: Int64] = [:]
    }

    /// What became of a claim, or of a call that waited for one.
    enum Outcome: String, CaseIterable, Sendable {
        /// More was leased.
        case granted
        /// What was not in use was given back.
        case returned
        /// A call was refused, because nobody's part was left.
        case refused
        /// A call was refused, because PostgreSQL was away.
        case unavailable
        /// A call went on beyond what was leased.
        case overridden
    }

    init() {}

    func count(_ outcome: Outcome, _ count: Int = 1) {
        if count > 0 { state.withLock { $0.outcomes[outcome, default: 0] += Int64(count) } }
    }

    func connected(_ isConnected: Bool) { state.withLock { $0.isConnected = isConnected } }

    /// Writes the metrics.
    package func write(to writer: inout ExpositionWriter) {
        let values = state.withLock { $0 }
        writer.family(
            "ledger_leases_total", .counter,
            help: "What became of claims on shared limits, and of calls that waited for one.")
        for outcome in Outcome.allCases {
            writer.sample(["outcome": outcome.rawValue], .integer(values.outcomes[outcome] ?? 0))
        }
        writer.family(
            "ledger_leases_postgres_up", .gauge,
            help: "1 while there is a session to lease shared limits over.")
        writer.sample([:], values.isConnected ? 1 : 0)
    }
}
