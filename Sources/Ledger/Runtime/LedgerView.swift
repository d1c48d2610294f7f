package import LedgerCore
package import LedgerJournal

/// The fold of all that is durable.
package struct LedgerView: Sendable {
    /// Limits, open calls and budgets.
    package internal(set) var state = LedgerState()
    /// Per-user and per-model sums.
    package internal(set) var usage = UsageProjection()
    /// How the journal does.
    package internal(set) var journal = JournalHealth()

    /// The place in the journal up to which it is durable and folded.
    package internal(set) var mark: JournalMark

    /// Creates the fold of nothing.
    package init(origin: String) { mark = .start(origin: origin) }

    /// Folds one recorded event in.
    package mutating func evolve(_ recorded: RecordedEvent) {
        state.evolve(recorded)
        usage.evolve(recorded)
    }
}

/// How the journal does, for metrics and health.
package struct JournalHealth: Sendable {
    /// Why it cannot be written; nil: it can.
    package internal(set) var failure: String?
    /// How long the last sync took, in nanoseconds.
    package internal(set) var lastSyncNanoseconds: UInt64 = 0
    /// Syncs so far.
    package internal(set) var syncs: Int64 = 0
    /// The sum of their times, in nanoseconds.
    package internal(set) var syncNanoseconds: UInt64 = 0
    /// Events so far, in this process.
    package internal(set) var events: Int64 = 0
}
