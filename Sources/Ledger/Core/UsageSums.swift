/// Sums over calls and agent runs: the measures of every rollup.
package struct UsageSums: Hashable, Sendable {
    /// Calls that ended: settled or expired.
    package var calls: Int64 = 0
    /// Of these, those that did not end ``CallResult/ok``.
    package var errors: Int64 = 0
    /// Calls refused before they were sent; not in ``calls``.
    package var rejected: Int64 = 0
    /// Input tokens, cached ones included.
    package var inputTokens: Int64 = 0
    /// Output tokens.
    package var outputTokens: Int64 = 0
    /// Input tokens read from a cache.
    package var cacheReadTokens: Int64 = 0
    /// Input tokens written to a cache.
    package var cacheWriteTokens: Int64 = 0
    /// What was spent, priced and estimated together.
    package var cost = Money.zero
    /// The estimated part of ``cost``.
    package var estimated = Money.zero
    /// Calls, agent runs that are money of their own, and reports, without a known price.
    package var unpricedCalls: Int64 = 0
    /// What those hold against the quota.
    package var held = Money.zero
    /// The time that calls, or agent runs, took, summed.
    package var durationMilliseconds: Int64 = 0
    /// Agent runs that ended; not in ``calls``.
    package var dispatches: Int64 = 0
    /// Of these, those that did not end ``CallResult/ok``.
    package var failedDispatches: Int64 = 0
    /// Processor time of containers, in milliseconds.
    package var cpuMilliseconds: Int64 = 0
    /// Memory that containers held over time, in mebibyte-seconds.
    package var memoryMebibyteSeconds: Int64 = 0
    /// Corrections of costs.
    package var adjustments: Int64 = 0
    /// What those add up to, already in ``cost``: without it the cost is as it was first recorded.
    package var adjusted = Money.zero

    /// Creates empty sums.
    package init() {}

    /// The cost as it was first recorded: it never goes down.
    package var billed: Money { cost.addingClamped(adjusted.negated) }

    /// Adds `other`.
    package mutating func add(_ other: UsageSums) {
        calls &+= other.calls
        errors &+= other.errors
        rejected &+= other.rejected
        inputTokens &+= other.inputTokens
        outputTokens &+= other.outputTokens
        cacheReadTokens &+= other.cacheReadTokens
        cacheWriteTokens &+= other.cacheWriteTokens
        cost = cost.addingClamped(other.cost)
        estimated = estimated.addingClamped(other.estimated)
        unpricedCalls &+= other.unpricedCalls
        held = held.addingClamped(other.held)
        durationMilliseconds &+= other.durationMilliseconds
        dispatches &+= other.dispatches
        failedDispatches &+= other.failedDispatches
        cpuMilliseconds &+= other.cpuMilliseconds
        memoryMebibyteSeconds &+= other.memoryMebibyteSeconds
        adjustments &+= other.adjustments
        adjusted = adjusted.addingClamped(other.adjusted)
    }
}
