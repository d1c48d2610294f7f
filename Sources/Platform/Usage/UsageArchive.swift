package import LedgerCore
package import LedgerRuntime
package import Logging
import Synchronization
package import Threads

/// Answers questions about usage on threads of its own: from PostgreSQL where that is up and has all that
/// is asked for, else from the journal's fold.
package final class UsageArchive: Sendable {
    /// What was found.
    package struct Answer: Sendable {
        /// The sums, in their order.
        package let rows: [(group: UsageGroup, sums: UsageSums)]
        /// The last event that may be counted in them.
        package let position: Position
        /// Where they were read.
        package let origin: Origin
    }

    /// Where sums are read.
    package enum Origin: String, Sendable {
        case projection, postgres
    }

    /// Why there is no answer.
    package enum Failure: Error, Hashable, Sendable {
        /// More than ``rowsMax`` rows.
        case tooManyRows
        /// The journal is still being read: so far of so much.
        case notReady(Position, of: Position)
        /// Too many questions wait.
        case busy
    }

    /// The most rows of an answer.
    package static let rowsMax = 10_000
    private static let waitingMax = 32
    /// Each has a session in PostgreSQL.
    package static let readers = 2
    private static let foldedAtOnceMax = 256
    private static let patienceMilliseconds = 2_000

    private let ledger: Ledger
    private let published = Lock(UsageHistory())
    private let advanced = Semaphore()
    private let awaiting = Atomic(0)
    private let isEnding = Atomic(false)
    private let workers = Lock<WorkerPool<UsageStore?>?>(nil)
    private let follower = Lock<JournalFollower?>(nil)
    private let storeURL: String?
    private let reads: PostgresReads
    private let log: Logger

    /// Creates the archive; ``start()`` runs it.
    package init(_ ledger: Ledger, postgresURL: String?, reads: PostgresReads, log: Logger) {
        self.ledger = ledger
        storeURL = postgresURL
        self.reads = reads
        self.log = log
    }

    /// Starts its threads.
    package func start() throws(ThreadError) {
        let follower = JournalFollower(ledger, named: "ledger-history", log: log) { [self] events, _ in
            fold(events)
            return true
        }
        try follower.start()
        self.follower.withLock { $0 = follower }
        let workers = try WorkerPool(
            named: "ledger-usage", threads: Self.readers, waitingMax: Self.waitingMax
        ) { [storeURL, ledger, log, reads, weak self] in
            storeURL.map { url in
                UsageStore(url: url, ledger: ledger, reads: reads, log: log) { [weak self] in
                    self?.isEnding.load(ordering: .relaxed) ?? true
                }
            }
        }
        self.workers.withLock { $0 = workers }
    }

    /// Answers what waits and ends the threads; blocks until then.
    package func close() {
        isEnding.store(true, ordering: .relaxed)
        follower.withLock { $0.take() }?.stop()
        workers.withLock { $0.take() }?.close()
    }

    /// The fold so far.
    package var history: UsageHistory { published.withLock { $0 } }

    /// Asks for sums; `reply` is called once, on a thread of the archive's or, when it is busy, at once.
    package func ask(
        _ breakdown: UsageBreakdown, reply: @escaping @Sendable (Result<Answer, Failure>) -> Void
    ) {
        let position = ledger.position
        let isTaken = workers.withLock { $0 }?.submit { [self] store in
            reply(answer(breakdown, at: position, store))
        }
        if isTaken != true { reply(.failure(.busy)) }
    }

    private func fold(_ events: [RecordedEvent]) {
        // A few at a time: readers wait meanwhile.
        for start in stride(from: 0, to: events.count, by: Self.foldedAtOnceMax) {
            let some = events[start..<min(start + Self.foldedAtOnceMax, events.count)]
            published.withLock { history in for event in some { history.evolve(event) } }
        }
        for _ in 0..<awaiting.load(ordering: .sequentiallyConsistent) { advanced.signal() }
    }

    private func answer(
        _ breakdown: UsageBreakdown, at position: Position, _ store: UsageStore?
    ) -> Result<Answer, Failure> {
        let history = awaitHistory(at: position)
        let isComplete = history.position >= position
        let needed = isComplete ? history.lastPosition(in: breakdown) : position
        if let found = store?.usage(breakdown, notBefore: needed, rowsMax: Self.rowsMax) {
            return result(found.rows, found.position, .postgres)
        }
        guard isComplete else { return .failure(.notReady(history.position, of: position)) }
        guard let rows = history.usage(breakdown, rowsMax: Self.rowsMax) else {
            return .failure(.tooManyRows)
        }
        return result(rows, history.position, .projection)
    }

    private func result(
        _ rows: [UsageGroup: UsageSums], _ position: Position, _ origin: Origin
    ) -> Result<Answer, Failure> {
        guard rows.count <= Self.rowsMax else { return .failure(.tooManyRows) }
        let sorted = rows.sorted { $0.key < $1.key }.map { (group: $0.key, sums: $0.value) }
        return .success(Answer(rows: sorted, position: position, origin: origin))
    }

    /// The fold once it is at `position`, or after a while as far as it is.
    private func awaitHistory(at position: Position) -> UsageHistory {
        awaiting.add(1, ordering: .sequentiallyConsistent)
        defer { awaiting.subtract(1, ordering: .sequentiallyConsistent) }
        let clock = ledger.configuration.monotonicNanoseconds
        let end = clock() + UInt64(Self.patienceMilliseconds) * 1_000_000
        while true {
            let history = history
            let now = clock()
            guard history.position < position, now < end else { return history }
            _ = advanced.wait(timeoutMilliseconds: Int((end - now) / 1_000_000) + 1)
        }
    }
}
