import Crypto
package import Files
package import LedgerCore
import LedgerJournal
package import LedgerStore
import Threads

/// Makes the SQL side of a journal anew: what is in the database goes, what is in the journal comes.
///
/// Ended in the middle, by whatever, it leaves a database that holds a beginning of the journal: a second run
/// begins again, a server goes on.
package struct PostgresRebuild {
    private let store: LedgerStore
    private let logsDirectory: String
    private let files: any FileSystem

    /// What was done.
    package struct Outcome: Hashable, Sendable {
        /// The last position that the database holds now.
        package let position: Position
        /// How many rows it has of this journal; not the same is a failure.
        package let rows: Int64
    }

    /// Rebuilds `store` from the journal in `logsDirectory`, whose origin is the store's.
    package init(
        _ store: LedgerStore, logsDirectory: String, files: some FileSystem = POSIXFileSystem()
    ) {
        self.store = store
        self.logsDirectory = logsDirectory
        self.files = files
    }

    /// Reads and checks the whole journal, and only then erases the schema, makes it again, and copies every
    /// line that was read.
    ///
    /// What a live writer appends meanwhile is left out: not all of it is durable.
    ///
    /// - Parameters:
    ///   - discarding: whether a database that holds what this journal does not is erased all the same.
    ///   - progress: told after each batch how many events and bytes it had.
    /// - Returns: how far the database is, and how many rows it counts.
    /// - Throws: ``CopyError/file(_:)`` where the journal's end cannot be made durable,
    ///   ``CopyError/store(_:)`` with ``StoreError/busy(origin:holder:)`` while another session ingests this
    ///   journal and ``StoreError/shared(origins:)`` where other journals are in the database,
    ///   ``StoreError/ahead(store:journal:)`` and ``StoreError/foreign(_:)`` where the journal does not reach
    ///   what the database holds, ``CopyError/ledger(_:)`` for a damaged line: nothing has been changed then.
    package func run(
        discarding: Bool = false, progress: (_ events: Int, _ bytes: Int) -> Void
    ) throws(CopyError) -> Outcome {
        try CopyError.store { () throws(StoreError) in try takeOrigin() }
        let end = try requireJournal(discarding: discarding)
        try CopyError.files { () throws(FileError) in try end.settle(in: logsDirectory, files) }
        let batches = try CopyError.ledger { () throws(LedgerError) in
            try BatchesAhead(logsDirectory: logsDirectory, into: store, after: nil) { end }
        }
        try CopyError.store { () throws(StoreError) in
            try store.erase()
            try store.migrate()
            let genesis = ChainHash.genesis(origin: store.origin).digest.bytes
            _ = try store.resume(journalEnd: Position(0)) { $0 == Position(0) ? genesis : nil }
        }
        batches.eventsMax = CatchUpPace.eventsMaxAlone
        while let sent = try batches.next() {
            try sent.store()
            progress(sent.batch.events, sent.batch.bytes)
        }
        let rows = try CopyError.store { () throws(StoreError) in try store.eventCount() }
        return Outcome(position: batches.position, rows: rows)
    }

    /// Checks every line, and that the journal has all that is about to be erased.
    ///
    /// - Returns: where the journal ends.
    private func requireJournal(discarding: Bool) throws(CopyError) -> JournalMark {
        let stored = try CopyError.store { () throws(StoreError) in
            try store.schemaVersion() > 0 ? try store.checkpoint() : nil
        }
        var chainAtStored: [UInt8]?
        let end = try CopyError.ledger { () throws(LedgerError) in
            try Replay(logsDirectory: logsDirectory, origin: store.origin).lines { line throws(LedgerError) in
                let position = try Replay.decode(line).position
                if position == stored?.position { chainAtStored = line.chain.digest.bytes }
            }
        }
        guard let stored, !discarding else { return end }
        guard stored.position.value <= end.position else {
            throw .store(.ahead(store: stored.position, journal: Position(end.position)))
        }
        guard chainAtStored == stored.chain else { throw .store(.foreign(stored.position)) }
        return end
    }

    /// A rebuild that was killed leaves a session, which the server ends a moment later.
    private func takeOrigin() throws(StoreError) {
        for _ in 0..<Self.busyTries {
            do throws(StoreError) { return try store.takeOrigin() } catch {
                guard case .busy = error else { throw error }
            }
            _ = Semaphore().wait(timeoutMilliseconds: Self.busyPauseMilliseconds)
        }
        try store.takeOrigin()
    }

    private static let busyTries = 20
    private static let busyPauseMilliseconds = 250
}
