import LedgerCore
import LedgerJournal
import LedgerStore
import Synchronization
import Threads

/// Batches for PostgreSQL, made on a thread of their own: behind a full batch the next one is made while the
/// server takes the last.
///
/// One is made ahead, no more. Behind a batch that was not full nothing is made ahead: near the journal's end
/// everything that comes while the server works belongs into one batch, not into two. It belongs to the
/// thread that made it, and ends its own when it goes.
final class BatchesAhead {
    private let worker: WorkerPool<Confined<Source>>
    private let limit: @Sendable () -> JournalMark?
    private let made = Made()
    private var isUnderWay = false

    /// How many events a batch may have that is begun from now on.
    var eventsMax = CatchUpPace.eventsMaxAlone

    /// The place after what was handed out.
    private(set) var mark: JournalMark

    /// The last position that was handed out.
    var position: Position { Position(mark.position) }

    /// Makes batches of the journal in `logsDirectory` after `mark`, up to what `limit` says each time.
    ///
    /// A limit of nil: no writer is live, and the last whole line is the end.
    init(
        logsDirectory: String, origin: String, after mark: JournalMark?,
        upTo limit: @escaping @Sendable () -> JournalMark?
    ) throws(LedgerError) {
        self.limit = limit
        let source = Source(try JournalBatches(logsDirectory: logsDirectory, origin: origin, after: mark))
        self.mark = source.batches.mark
        let confined = Confined(source)
        do throws(ThreadError) {
            worker = try WorkerPool(named: "ledger-batches", waitingMax: 1) { confined }
        } catch { throw .thread }
    }

    deinit { worker.close() }

    /// The next batch; nil when there is none yet.
    ///
    /// - Throws: ``LedgerError/journal(_:)`` and ``LedgerError/undecodable(file:line:_:)`` in the place of
    ///   the batch that has the line; every batch before it has been handed out.
    func next() throws(LedgerError) -> IngestBatch? {
        if !isUnderWay { begin() }
        isUnderWay = false
        let next = try made.take()
        guard let (batch, isFull, end) = next else { return nil }
        mark = end
        if isFull { begin() }
        return batch
    }

    private func begin() {
        isUnderWay = worker.submit { [limit, made, eventsMax] source in
            made.put(
                Result { () throws(LedgerError) in
                    try source.value.batches.next(upTo: limit(), eventsMax: eventsMax).map {
                        ($0.batch, $0.isFull, source.value.batches.mark)
                    }
                })
        }
        precondition(isUnderWay, "one batch is made at a time")
    }
}

/// The journal's reader, on the thread of the batches.
private final class Source {
    var batches: JournalBatches

    init(_ batches: consuming JournalBatches) { self.batches = batches }
}

/// Where one batch passes from thread to thread.
private final class Made: Sendable {
    typealias Answer = Result<(IngestBatch, isFull: Bool, end: JournalMark)?, LedgerError>

    private let answer = Lock<Answer>(.success(nil))
    private let isThere = Semaphore()

    func put(_ next: Answer) {
        answer.withLock { $0 = next }
        isThere.signal()
    }

    /// Waits for the batch under way and takes it.
    func take() throws(LedgerError) -> (IngestBatch, isFull: Bool, end: JournalMark)? {
        isThere.wait()
        return try answer.withLock { answer in
            defer { answer = .success(nil) }
            return answer
        }.get()
    }
}
