import Crypto
import LedgerCore
import LedgerJournal
import LedgerStore

/// Reads a journal's files in batches for PostgreSQL, behind a live writer or without one.
struct JournalBatches: ~Copyable {
    private var reader: JournalReader

    private static let bytesMax = 32 << 20

    /// Starts after `mark`, or with the first line.
    init(logsDirectory: String, origin: String, after mark: JournalMark?) throws(LedgerError) {
        do throws(JournalError) {
            reader = try JournalReader(directory: logsDirectory, origin: origin, from: mark)
        } catch { throw .journal("\(error)") }
    }

    /// The place after the last event that was read.
    var mark: JournalMark { reader.mark }

    /// The next batch; nil when there is none yet.
    ///
    /// `limit` is the writer's durable mark; nil: no writer is live, and the last whole line is the end.
    mutating func next(
        upTo limit: JournalMark?, eventsMax: Int
    ) throws(LedgerError) -> IngestBatch? {
        let after = StoreCheckpoint(
            position: Position(reader.mark.position), chain: reader.mark.chain.digest.bytes)
        var events: [StoredEvent] = []
        var sums: [RollupKey: UsageSums] = [:]
        var containers: [ContainerHandle: StoredContainer] = [:]
        var quotas: [UserID: StoredQuota] = [:]
        var bytes = 0
        while events.count < eventsMax, bytes < Self.bytesMax, let line = try line(upTo: limit) {
            bytes += line.bytes.count
            let recorded = try Replay.decode(line)
            UsageDelta.each(of: recorded) { sums[$0.key, default: UsageSums()].add($0.sums) }
            StoredContainer.add(recorded, to: &containers)
            StoredQuota.add(recorded, to: &quotas)
            events.append(StoredEvent(recorded, chain: line.chain.digest.bytes, line: Array(line.bytes)[...]))
        }
        guard !events.isEmpty else { return nil }
        return IngestBatch(
            after: after, events: events, sums: sums, containers: containers, quotas: quotas,
            isFull: events.count >= eventsMax || bytes >= Self.bytesMax)
    }

    private mutating func line(upTo limit: JournalMark?) throws(LedgerError) -> JournalLine? {
        do throws(JournalError) { return try reader.next(upTo: limit) } catch { throw .journal("\(error)") }
    }
}
