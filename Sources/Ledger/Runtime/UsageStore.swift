package import LedgerCore
import LedgerStore
package import Logging

/// Reads usage from PostgreSQL, over one connection that it opens when it is first asked.
///
/// It blocks, and belongs to one thread.
package final class UsageStore {
    private let url: String
    private let origin: String
    private let monotonicNanoseconds: @Sendable () -> UInt64
    private let reads: PostgresReads
    private let log: Logger
    private let isEnding: @Sendable () -> Bool
    private var store: LedgerStore?
    private var retryNotBefore: UInt64 = 0

    /// How long a server that failed is left alone.
    private static let pauseNanoseconds: UInt64 = 5_000_000_000
    /// The longest that one question may take.
    private static let statementTimeoutMilliseconds = 5_000

    /// Creates the reader of `ledger`'s origin; once `isEnding`, no answer is waited for much longer.
    package init(
        url: String, ledger: Ledger, reads: PostgresReads, log: Logger,
        isEnding: @escaping @Sendable () -> Bool = { false }
    ) {
        self.url = url
        self.reads = reads
        origin = ledger.configuration.origin
        monotonicNanoseconds = ledger.configuration.monotonicNanoseconds
        self.log = log
        self.isEnding = isEnding
    }

    /// The sums that `breakdown` asks for; nil when the database is away or not yet at `position`.
    ///
    /// One more than `rowsMax` come back at most.
    package func usage(
        _ breakdown: UsageBreakdown, notBefore position: Position, rowsMax: Int
    ) -> (position: Position, rows: [UsageGroup: UsageSums])? {
        let now = monotonicNanoseconds()
        // A connection that is begun cannot be cut short.
        guard now >= retryNotBefore, !isEnding() else { return nil }
        do throws(StoreError) {
            let store = try connected()
            let found = try store.usage(breakdown, rowsMax: rowsMax)
            let isEnough = found.position >= position
            reads.count(isEnough ? .answered : .behind, nanoseconds: monotonicNanoseconds() &- now)
            return isEnough ? found : nil
        } catch {
            reads.count(.failed, nanoseconds: monotonicNanoseconds() &- now)
            store = nil
            // From the end of the attempt on, which may have taken longer than the pause.
            retryNotBefore = monotonicNanoseconds() + Self.pauseNanoseconds
            log.warning("usage is not read from PostgreSQL", ["reason": "\(error)"], onceEvery: 10)
            return nil
        }
    }

    private func connected() throws(StoreError) -> LedgerStore {
        if let store { return store }
        let store = try LedgerStore.open(
            url: url, origin: origin, statementTimeoutMilliseconds: Self.statementTimeoutMilliseconds,
            isEnding: isEnding)
        self.store = store
        return store
    }
}
