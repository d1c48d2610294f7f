import LedgerCore
import Postgres

extension LedgerStore {
    /// Stores a batch in one transaction: the checkpoint moves from its start to its end, or nothing happens.
    ///
    /// A batch that is stored already (a commit whose answer was lost) counts as stored.
    ///
    /// - Throws: ``StoreError/behind(_:)`` and ``StoreError/fenced(_:)`` when the store is not at the
    ///   batch's start, ``StoreError/foreign(_:)`` when it is, with another history;
    ///   ``StoreError/connection(_:)``, ``StoreError/server(_:)``, ``StoreError/malformed(_:)``.
    package func ingest(_ batch: IngestBatch) throws(StoreError) {
        guard !batch.events.isEmpty else { return }
        try batch.validate()
        guard holdsOrigin else { throw .connection("the origin is not taken: resume first") }
        do {
            try preparePartitions(for: batch)
            try execute("begin")
            guard try moveCheckpoint(from: batch.after, to: batch.end) else {
                try execute("rollback")
                return try explainRefusal(of: batch)
            }
            try copy(batch.events)
            try addSums(batch.sums)
            try addContainers(batch.containers)
        } catch {
            // A partition may have been dropped: look again next time.
            monthsReady = []
            try rollBack()
            throw error
        }
        try commit(batch)
    }

    private func commit(_ batch: IngestBatch) throws(StoreError) {
        do {
            try execute("commit")
        } catch .connection(let reason) {
            // In doubt: the answer was lost, not necessarily the commit.
            do { try takeOrigin() } catch { throw .connection(reason) }
            guard try checkpoint() == batch.end else { throw .connection(reason) }
        }
    }

    /// Compare and set.
    ///
    /// - Returns: whether the store was at `start`.
    private func moveCheckpoint(
        from start: StoreCheckpoint, to end: StoreCheckpoint
    ) throws(StoreError) -> Bool {
        if start.position == Position(0) {
            return try query(
                """
                insert into ledger.checkpoints (origin, position, chain) values ($1, $2, $3)
                on conflict do nothing
                """,
                [origin, String(end.position.value), Bytea.text(end.chain)]
            ).affectedRows == 1
        }
        return try query(
            """
            update ledger.checkpoints set position = $4, chain = $5, updated_at = now()
            where origin = $1 and position = $2 and chain = $3
            """,
            [
                origin, String(start.position.value), Bytea.text(start.chain), String(end.position.value),
                Bytea.text(end.chain),
            ]
        ).affectedRows == 1
    }

    /// Says why the checkpoint could not be moved; returns when the batch is stored already.
    private func explainRefusal(of batch: IngestBatch) throws(StoreError) {
        let stored = try checkpoint()
        if stored == batch.end { return }
        let position = stored?.position ?? Position(0)
        if position < batch.after.position { throw .behind(position) }
        throw position == batch.after.position ? .foreign(position) : .fenced(position)
    }

    /// Outside the transaction, because making one locks the whole table.
    private func preparePartitions(for batch: IngestBatch) throws(StoreError) {
        for month in batch.months.subtracting(monthsReady).sorted() {
            _ = try query("select ledger.ensure_partition($1)", [month.start.text])
            monthsReady.insert(month)
        }
    }

    private func copy(_ events: [StoredEvent]) throws(StoreError) {
        let count = try perform { () throws(PostgresError) in
            try connection.beginCopy(StoredEvent.copyStatement)
            var rows = CopyTextWriter(reservingBytes: Self.copyChunkBytes * 2)
            for event in events {
                event.write(to: &rows, origin: origin)
                guard rows.bytes.count >= Self.copyChunkBytes else { continue }
                try connection.put(rows.bytes)
                rows.removeAll()
            }
            try connection.put(rows.bytes)
            return try connection.endCopy()
        }
        guard count == events.count else { throw .malformed("sent \(events.count) events, \(count) arrived") }
    }

    private static let copyChunkBytes = 1 << 18
}
