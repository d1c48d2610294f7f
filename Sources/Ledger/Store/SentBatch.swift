import LedgerCore

/// A batch that waits in its session's tables to be stored: all of it but the events, which the server has.
package struct SentBatch: Sendable {
    /// Where the store must be before.
    package let after: StoreCheckpoint
    /// Where it is afterwards.
    package let end: StoreCheckpoint
    /// How many events it has.
    package let events: Int
    /// How many bytes their lines have in the journal.
    package let bytes: Int
    /// Whether more waits behind it.
    package let isFull: Bool
    /// From the first event to the last; there is one.
    let positions: ClosedRange<Position>
    let containers: [ContainerHandle: StoredContainer]
    let quotas: [UserID: StoredQuota]

    init(_ batch: IngestBatch) {
        after = batch.after
        end = batch.end
        positions = batch.positions
        events = batch.events.count
        bytes = batch.events.reduce(0) { $0 + $1.line.count + 1 }
        isFull = batch.isFull
        containers = batch.containers
        quotas = batch.quotas
    }
}
