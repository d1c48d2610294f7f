import Synchronization
import Threads

/// Counts of what was read from PostgreSQL by this process, for `/metrics`.
package final class PostgresReads: Sendable {
    private let sums = Lock(Sums())

    private struct Sums {
        var counts: [Outcome: Int64] = [:]
        var nanoseconds: UInt64 = 0
    }

    /// How a question ended.
    package enum Outcome: String, CaseIterable, Sendable {
        /// With rows.
        case answered
        /// The database did not have all that was asked for yet.
        case behind
        /// It could not be reached, or refused.
        case failed
    }

    /// Creates counts of nothing.
    package init() {}

    /// Counts one question.
    func count(_ outcome: Outcome, nanoseconds: UInt64) {
        sums.withLock {
            $0.counts[outcome, default: 0] += 1
            $0.nanoseconds &+= nanoseconds
        }
    }

    /// How many questions ended so.
    package func count(of outcome: Outcome) -> Int64 { sums.withLock { $0.counts[outcome] ?? 0 } }

    /// How long all of them took.
    package var seconds: Double { Double(sums.withLock { $0.nanoseconds }) / 1e9 }
}
