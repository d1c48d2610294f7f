package import LedgerCore

/// What the store holds of one origin, all of it read at one moment; for comparing with the journal.
package struct StoreSnapshot: Hashable, Sendable {
    /// The checkpoint; nil when nothing is stored.
    package var checkpoint: StoreCheckpoint?
    /// How many events there are.
    package var eventCount: Int64
    /// The lowest and the highest position; nil without events.
    package var positions: ClosedRange<Position>?
    /// Sums over the events' own columns.
    package var events: [StoreSum]
    /// Sums over the hourly rows.
    package var usage: [StoreSum]
    /// The containers, destroyed ones too, by handle.
    package var containers: [StoredContainerRow] = []
}

/// One user's and model's share of what is stored.
package struct StoreSum: Hashable, Sendable {
    /// Whom it concerns, or empty.
    package var user: String
    /// The event's type, or the hourly row's kind.
    package var kind: String
    /// Whose model answered, or empty.
    package var provider: String
    /// Which model answered, or empty.
    package var model: String
    /// How many events, or how many calls and agent runs.
    package var count: Int64
    /// Input tokens.
    package var inputTokens: Int64
    /// Output tokens.
    package var outputTokens: Int64
    /// The exact cost.
    package var cost: Money
}
