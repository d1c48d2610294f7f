package import LedgerCore

/// What the store holds of one origin, all of it read at one moment; for comparing with the journal.
package struct StoreSnapshot: Hashable, Sendable {
    /// How far the store is.
    package var head = StoreHead()
    /// How many events there are.
    package var eventCount: Int64 = 0
    /// A digest of each page's rows, where the server was asked to hash them.
    package var pages: [EventPage: [UInt8]] = [:]
    /// Every row of each table of sums.
    package var rollups: [RollupTable: [UsageGroup: UsageSums]] = [:]
    /// The containers, destroyed ones too, by handle.
    package var containers: [StoredContainerRow] = []
    /// Every user's limits, whichever journal they come from.
    package var quotas: [UserID: StoredQuotaRow] = [:]
    /// How many lines the server hashed, where it was asked to.
    package var linesChecked: Int64 = 0
    /// The first position whose line is missing or does not follow from the one before.
    package var brokenAt: Position?

    /// The checkpoint; nil when nothing is stored.
    package var checkpoint: StoreCheckpoint? { head.checkpoint }
    /// The lowest and the highest position; nil without events.
    package var positions: ClosedRange<Position>? { head.positions }
}

/// How far the store is, and where what it holds begins.
package struct StoreHead: Hashable, Sendable {
    /// The checkpoint; nil when nothing is stored.
    package var checkpoint: StoreCheckpoint?
    /// The lowest and the highest position; nil without events.
    package var positions: ClosedRange<Position>?
    /// The months that are sealed, in their order; the first ones may be retired.
    package var seals: [SealedMonth] = []

    /// Creates the head of an empty store.
    package init() {}

    /// The last position before the events that are there; 0 when none was retired.
    package var retiredUpTo: Int64 {
        if let positions { return positions.lowerBound.value - 1 }
        return checkpoint?.position.value ?? 0
    }

    /// How many rows there are, if none is missing between the first and the last.
    package var rowsInStore: Int64 {
        positions.map { $0.upperBound.value - $0.lowerBound.value + 1 } ?? 0
    }
}

/// A month whose chain the server recomputed and recorded, so that its events may be retired.
package struct SealedMonth: Hashable, Sendable {
    /// Its first and its last position.
    package let positions: ClosedRange<Position>
    /// The chain before its first event.
    package let chainBefore: [UInt8]
    /// The chain at its last event.
    package let chain: [UInt8]

    /// Creates the record of a month.
    package init(positions: ClosedRange<Position>, chainBefore: [UInt8], chain: [UInt8]) {
        self.positions = positions
        self.chainBefore = chainBefore
        self.chain = chain
    }
}
