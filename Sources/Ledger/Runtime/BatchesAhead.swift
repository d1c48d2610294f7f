import LedgerCore
import LedgerJournal
import LedgerStore
import Synchronization
import Threads

/// Batches for PostgreSQL, made and sent on a thread of their own: behind a full batch the next one goes to
/// the server, by a second session, while the first session stores the last.
///
/// One is sent ahead, no more. Behind a batch that was not full nothing is: near the journal's end everything
/// that comes while the server works belongs into one batch, not into two, and one session is enough. It
/// belongs to the thread that made it, and ends its own when it goes.
final class BatchesAhead {
    /// A batch that waits in a session's tables.
    struct Sent {
        /// What was sent.
        let batch: SentBatch
        /// The place in the journal after it.
        let end: JournalMark
        fileprivate let session: LedgerStore

        /// Has the server check and store it; see ``LedgerStore/store(_:)``.
        func store() throws(CopyError) {
            try CopyError.store { () throws(StoreError) in try session.store(batch) }
        }
    }

    private let worker: WorkerPool<Confined<Sender>>
    private let limit: @Sendable () -> JournalMark?
    private let sent = Handover()
    private var isUnderWay = false

    /// How many events a batch may have that is begun from now on.
    var eventsMax = CatchUpPace().eventsMax

    /// The place after what was handed out.
    private(set) var mark: JournalMark

    /// The last position that was handed out.
    var position: Position { Position(mark.position) }

    /// Makes batches of the journal in `logsDirectory` after `mark`, up to what `limit` says each time, for
    /// the origin and in the session of `store`.
    ///
    /// From here on `store` is used by ``next()`` and ``Sent/store()``; by others only after ``next()``
    /// returned nil. A limit of nil: no writer is live, and the last whole line is the end.
    init(
        logsDirectory: String, into store: LedgerStore, after mark: JournalMark?,
        upTo limit: @escaping @Sendable () -> JournalMark?
    ) throws(LedgerError) {
        self.limit = limit
        let batches = try JournalBatches(logsDirectory: logsDirectory, origin: store.origin, after: mark)
        self.mark = batches.mark
        let sender = Confined(Sender(batches, into: store))
        do throws(ThreadError) {
            worker = try WorkerPool(named: "ledger-batches", inBackground: true, waitingMax: 1) { sender }
        } catch { throw .thread }
    }

    deinit { worker.close() }

    /// The next batch, sent; nil when there is none yet.
    ///
    /// - Throws: ``CopyError/ledger(_:)`` in the place of the batch that has the line, and
    ///   ``CopyError/store(_:)``; every batch before has been handed out.
    func next() throws(CopyError) -> Sent? {
        if !isUnderWay { begin(besides: nil) }
        isUnderWay = false
        guard let next = try sent.take() else { return nil }
        mark = next.end
        if next.batch.isFull { begin(besides: next.session) }
        return next
    }

    private func begin(besides busy: LedgerStore?) {
        let busy = Confined(busy)
        isUnderWay = worker.submit { [limit, sent, eventsMax] sender in
            sent.put(
                Result { () throws(CopyError) in
                    try sender.value.send(upTo: limit(), eventsMax: eventsMax, besides: busy.value)
                })
        }
        precondition(isUnderWay, "one batch is made at a time")
    }
}

/// Makes batches and sends them; on the thread of the batches.
private final class Sender {
    private var batches: JournalBatches
    private let first: LedgerStore
    /// Only while the copy is behind.
    private var second: LedgerStore?

    init(_ batches: consuming JournalBatches, into store: LedgerStore) {
        self.batches = batches
        first = store
    }

    /// Sends the next batch by the session that is not `busy` storing another.
    func send(
        upTo limit: JournalMark?, eventsMax: Int, besides busy: LedgerStore?
    ) throws(CopyError) -> BatchesAhead.Sent? {
        let next = try CopyError.ledger { () throws(LedgerError) in
            try batches.next(upTo: limit, eventsMax: eventsMax)
        }
        if busy == nil { second = nil }
        guard let next else { return nil }
        return try CopyError.store { () throws(StoreError) in
            let session = try session(besides: busy)
            return BatchesAhead.Sent(batch: try session.send(next), end: batches.mark, session: session)
        }
    }

    private func session(besides busy: LedgerStore?) throws(StoreError) -> LedgerStore {
        guard busy === first else { return first }
        if let second { return second }
        let opened = try first.openCompanion()
        second = opened
        return opened
    }
}

/// Where one batch passes from thread to thread.
private final class Handover: Sendable {
    typealias Answer = Result<Confined<BatchesAhead.Sent>?, CopyError>

    private let answer = Lock<Answer>(.success(nil))
    private let isThere = Semaphore()

    func put(_ next: Result<BatchesAhead.Sent?, CopyError>) {
        let next = next.map { $0.map { Confined($0) } }
        answer.withLock { $0 = next }
        isThere.signal()
    }

    /// Waits for the batch under way and takes it.
    func take() throws(CopyError) -> BatchesAhead.Sent? {
        isThere.wait()
        return try answer.withLock { answer in
            defer { answer = .success(nil) }
            return answer
        }.get()?.value
    }
}
