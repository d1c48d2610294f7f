import LedgerCore
import Postgres

extension LedgerStore {
    /// Sends a batch and stores it; see ``store(_:)``.
    package func ingest(_ batch: IngestBatch) throws(StoreError) {
        guard !batch.events.isEmpty else { return }
        try store(send(batch))
    }

    /// Begins a transaction and sends the batch to the session's incoming tables, where nobody else sees it.
    ///
    /// What was sent before and not stored is given up.
    ///
    /// - Returns: what ``store(_:)`` takes.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/server(_:)``, ``StoreError/malformed(_:)``.
    package func send(_ batch: IngestBatch) throws(StoreError) -> SentBatch {
        try batch.validate()
        guard holdsOrigin else { throw .connection("the origin is not taken: resume first") }
        try rollBack()
        try endingTransactionOnError { () throws(StoreError) in
            try preparePartitions(for: batch)
            try openStaging()
            // What a crash of the server takes back is sent again: the checkpoint goes with it. So a batch
            // that has more behind it does not wait for the disk.
            try execute(batch.isFull ? "begin; set local synchronous_commit = off" : "begin")
            try copy(batch.events)
            try copy(batch.sums)
            // Otherwise it is checked when it is stored, in one round trip less.
            if batch.isFull { try check(batch) }
        }
        return SentBatch(batch)
    }

    /// Stores the batch that was sent: the checkpoint moves from its start to its end, or nothing happens.
    ///
    /// A batch that is stored already (a commit whose answer was lost) counts as stored.
    ///
    /// - Throws: ``StoreError/behind(_:)`` and ``StoreError/fenced(_:)`` when the store is not at the
    ///   batch's start, ``StoreError/foreign(_:)`` when it is, with another history;
    ///   ``StoreError/connection(_:)``, ``StoreError/server(_:)``.
    package func store(_ batch: SentBatch) throws(StoreError) {
        var isStored = false
        try endingTransactionOnError { () throws(StoreError) in isStored = try goOn(with: batch) }
        guard isStored else {
            try execute("rollback")
            return try explainRefusal(of: batch)
        }
        try commit(batch)
    }

    private func endingTransactionOnError(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        do { try body() } catch {
            // A partition may have been dropped: look again next time.
            monthsReady = []
            try rollBack()
            throw error
        }
    }

    /// Makes the session's incoming tables, once.
    private func openStaging() throws(StoreError) {
        guard !isStagingOpen else { return }
        try execute("select ledger.open_ingest()")
        isStagingOpen = true
    }

    /// Has the server check now that the lines go on: another session may be storing.
    private func check(_ batch: IngestBatch) throws(StoreError) {
        _ = try query(
            "select ledger.check_incoming($1, $2, $3)",
            [origin, String(batch.after.position.value), Bytea.text(batch.after.chain)])
    }

    /// Has the server store what was sent.
    ///
    /// - Returns: whether its checkpoint was at the batch's start.
    private func goOn(with batch: SentBatch) throws(StoreError) -> Bool {
        do throws(StoreError) {
            return try query(
                "select ledger.ingest($1, $2, $3, $4, $5)",
                [
                    origin, String(batch.after.position.value), Bytea.text(batch.after.chain),
                    StoredContainer.json(batch.containers), StoredQuota.json(batch.quotas),
                ]
            ).text(0, 0) == "t"
        } catch {
            guard case .server(let said) = error, said.sqlState == "22003" else { throw error }
            throw .tooLarge(batch.positions, "a sum: \(said.message)")
        }
    }

    private func commit(_ batch: SentBatch) throws(StoreError) {
        do {
            try execute("commit")
        } catch .connection(let reason) {
            // In doubt: the answer was lost, not necessarily the commit.
            do { try takeOrigin() } catch { throw .connection(reason) }
            guard try checkpoint() == batch.end else { throw .connection(reason) }
            onDoubtResolved(batch.end.position)
        }
    }

    /// Says why the checkpoint could not be moved; returns when the batch is stored already.
    private func explainRefusal(of batch: SentBatch) throws(StoreError) {
        let stored = try checkpoint()
        if stored == batch.end { return }
        let position = stored?.position ?? Position(0)
        if position < batch.after.position { throw .behind(position) }
        throw position == batch.after.position ? .foreign(position) : .fenced(position)
    }

    /// Outside the transaction, because making one locks the whole table; ahead of time, so that a new month
    /// begins without it.
    private func preparePartitions(for batch: IngestBatch) throws(StoreError) {
        for month in batch.monthsNeeded.subtracting(monthsReady).sorted() {
            _ = try query("select ledger.ensure_partition($1)", [month.start.text])
            monthsReady.insert(month)
        }
    }

    private func copy(_ events: [StoredEvent]) throws(StoreError) {
        try copy(
            events, StoredEvent.copyStatement, columns: StoredEvent.columnCount
        ) { event, rows in event.write(to: &rows) }
    }

    private func copy(_ sums: [RollupKey: UsageSums]) throws(StoreError) {
        guard !sums.isEmpty else { return }
        try copy(
            sums, RollupKey.copyStatement, columns: RollupKey.columnCount
        ) { [origin] row, rows in row.key.write(row.value, origin: origin, to: &rows) }
    }

    /// Sends each value as the row that `write` makes of it.
    private func copy<Values: Collection>(
        _ values: Values, _ statement: String, columns: Int,
        _ write: (Values.Element, inout CopyWriter) -> Void
    ) throws(StoreError) {
        let count = try perform { () throws(PostgresError) in
            try connection.beginCopy(statement)
            var rows = CopyWriter(columns: columns, reservingBytes: Self.copyChunkBytes * 2)
            for value in values {
                write(value, &rows)
                guard rows.bytes.count > Self.copyChunkBytes else { continue }
                try connection.put(rows.bytes)
                rows.removeAll()
            }
            rows.end()
            try connection.put(rows.bytes)
            return try connection.endCopy()
        }
        guard count == values.count else {
            throw .malformed("sent \(values.count) rows, \(count) arrived")
        }
    }

    private static let copyChunkBytes = 1 << 18
}
