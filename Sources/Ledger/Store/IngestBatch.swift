package import LedgerCore

/// A run of one journal's events and everything that follows from them, to be stored whole or not at all.
package struct IngestBatch: Sendable {
    /// Where the store must be before.
    package let after: StoreCheckpoint
    /// The events, the first at the position after ``after``.
    package let events: [StoredEvent]
    /// What they add to the hourly sums.
    package let sums: [RollupKey: UsageSums]
    /// What they did to containers.
    package let containers: [ContainerHandle: StoredContainer]
    /// The limits that they leave to users.
    package let quotas: [UserID: StoredQuota]
    /// Whether it is as large as one may be: more waits behind it.
    package let isFull: Bool

    /// Creates a batch; ``LedgerStore/ingest(_:)`` checks it.
    package init(
        after: StoreCheckpoint, events: [StoredEvent], sums: [RollupKey: UsageSums],
        containers: [ContainerHandle: StoredContainer] = [:], quotas: [UserID: StoredQuota] = [:],
        isFull: Bool = false
    ) {
        self.after = after
        self.events = events
        self.sums = sums
        self.containers = containers
        self.quotas = quotas
        self.isFull = isFull
    }

    /// Where the store is afterwards.
    package var end: StoreCheckpoint {
        guard let last = events.last else { return after }
        return StoreCheckpoint(position: last.position, chain: last.chain)
    }

    /// The months that the events fall in, and the two that follow, as their first days.
    var monthsNeeded: Set<Day> {
        var months = Set(events.lazy.map { $0.recordedAt.day.firstOfMonth })
        if let last = months.max() {
            months.formUnion([last.firstOfNextMonth, last.firstOfNextMonth.firstOfNextMonth])
        }
        return months
    }

    /// Checks that positions have no gap, chains their length, and that the database has room for each
    /// amount.
    func validate() throws(StoreError) {
        var expected = after.position
        for event in events {
            expected = expected.next
            guard event.position == expected else {
                throw .malformed("position \(event.position.value) stands where \(expected.value) belongs")
            }
            guard event.chain.count == StoreCheckpoint.chainBytes else {
                throw .malformed("the chain at position \(expected.value) has \(event.chain.count) bytes")
            }
            guard event.cost?.fits != false else { throw .tooLarge(expected...expected, "its cost") }
        }
        for quota in quotas.values {
            let limits = [quota.quota?.dailyLimit, quota.quota?.monthlyLimit]
            guard limits.allSatisfy({ $0?.fits != false }) else {
                throw .tooLarge(quota.position...quota.position, "the limit that it sets")
            }
        }
        guard
            sums.values.allSatisfy({ $0.cost.fits && $0.estimated.fits && $0.held.fits && $0.adjusted.fits })
        else {
            throw .tooLarge(positions, "the sum of an hour")
        }
    }

    /// From the first event to the last; there is one.
    var positions: ClosedRange<Position> { after.position.next...end.position }
}

extension Money {
    /// Whether `numeric(38, 18)` holds it.
    fileprivate var fits: Bool {
        attos.magnitude < 100_000_000_000_000_000_000_000_000_000_000_000_000
    }
}
