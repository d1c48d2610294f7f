package import LedgerCore

/// What is added to one row of `usage_hourly`.
package struct HourlySums: Hashable, Sendable {
    /// How many ended, errors included.
    package var calls: Int64 = 0
    /// How many of them ended in an error.
    package var errors: Int64 = 0
    /// How many were refused before they started.
    package var rejected: Int64 = 0
    /// Input tokens, cached ones included.
    package var inputTokens: Int64 = 0
    /// Output tokens.
    package var outputTokens: Int64 = 0
    /// Of the input tokens, those read from a cache.
    package var cacheReadTokens: Int64 = 0
    /// Of the input tokens, those written to a cache.
    package var cacheWriteTokens: Int64 = 0
    /// The exact cost, estimates included.
    package var cost = Money.zero
    /// The part of ``cost`` that is an estimate.
    package var estimated = Money.zero
    /// How many had no known price.
    package var unpricedCalls: Int64 = 0
    /// What the unpriced ones hold of their budgets.
    package var held = Money.zero
    /// The sum of durations.
    package var durationMilliseconds: Int64 = 0

    /// Creates zeros.
    package init() {}
}
