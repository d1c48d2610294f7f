import Crypto
package import LedgerCore
import LedgerJournal
import LedgerStore
package import Logging
import Synchronization
package import Threads

/// The subscription that copies the journal into PostgreSQL: one thread, one connection, one transaction a
/// batch.
///
/// It starts where the database's checkpoint says, never where memory says, so a lost connection, a lost
/// answer or a lost process cost nothing but time. It never holds up an acknowledgement: it reads the
/// journal's files.
package final class PostgresIngest: Sendable {
    /// How the copy stands.
    package struct Status: Sendable {
        /// Whether the database took the last batch.
        package internal(set) var isConnected = false
        /// The last position that the database holds.
        package internal(set) var position: Int64 = 0
        /// How many totals differed between the database and the projection at the last comparison; nil: none
        /// yet.
        package internal(set) var divergence: Int64?
        /// Why it does not go on; nil: it does.
        package internal(set) var failure: String?
        /// Whether waiting cannot help: the database belongs to another journal, or is ahead of this one.
        package internal(set) var isFatal = false

        /// How many events it is behind a journal that ends at `end`.
        package func lagEvents(behind end: Position) -> Int64 { max(end.value - position, 0) }
    }

    private let ledger: Ledger
    private let url: String
    private let log: Logger
    private let bell: Semaphore
    private let status = Lock(Status())
    private let stopping = Atomic(false)
    /// Signalled at the end, for the pauses in which no event is to be seen.
    private let end = Semaphore()
    private let thread = Lock<Thread?>(nil)
    /// Signalled when the thread is about to end.
    private let ended = Semaphore()
    /// Whether libpq is connecting, which nothing can cut short.
    private let isConnecting = Atomic(false)
    /// The place after the last batch that the database took.
    private let lastMark = Lock<JournalMark?>(nil)
    /// What was copied, and how often it failed.
    package let counts = IngestCounts()
    private let compareNotBefore = Atomic<UInt64>(0)

    private static let pauseMillisecondsMax = 10_000
    /// How often, and how long each time, the end waits for an answer.
    private static let endTries = 5
    private static let endTryMilliseconds = 500
    private static let comparePauseNanoseconds: UInt64 = 60_000_000_000

    /// Creates the subscription; ``start()`` runs it.
    package init(ledger: Ledger, url: String, log: Logger) {
        self.ledger = ledger
        self.url = url
        self.log = log
        bell = ledger.subscribe()
    }

    /// How the copy stands.
    package var currentStatus: Status { status.withLock { $0 } }

    /// How far the copy is behind the journal.
    package var reading: PostgresReading {
        let status = currentStatus
        return PostgresReading(
            isConnected: status.isConnected, lagEvents: status.lagEvents(behind: ledger.position))
    }

    /// Starts the thread.
    package func start() throws(ThreadError) {
        let thread = try Thread(named: "ledger-ingest") { [self] in
            run()
            ended.signal()
        }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread after the batch in hand.
    ///
    /// One that waits for a server that does not answer is left behind: whatever the server still does with
    /// its batch is whole, and the next start asks it.
    package func stop() {
        stopping.store(true, ordering: .relaxed)
        bell.signal()
        end.signal()
        guard let thread = thread.withLock({ $0.take() }) else { return }
        for _ in 0..<Self.endTries {
            if ended.wait(timeoutMilliseconds: Self.endTryMilliseconds) { return thread.join() }
            // Nothing is in hand then, and nothing cuts libpq short.
            if isConnecting.load(ordering: .relaxed) { break }
        }
        log.warning("PostgreSQL does not answer: the copy is left where it is")
        thread.detach()
    }

    private var isStopping: Bool { stopping.load(ordering: .relaxed) }

    private func run() {
        var pause = 100
        while !isStopping {
            do throws(IngestFailure) {
                try copy { pause = 100 }
            } catch {
                let failure = error
                guard !isStopping else { return }
                counts.count(failure.kind)
                status.withLock {
                    $0.isConnected = false
                    $0.failure = failure.reason
                    $0.isFatal = failure.isFatal
                }
                log.warning(
                    "ingest stalled", ["reason": failure.reason, "fatal": "\(failure.isFatal)"], onceEvery: 10
                )
                sleep(milliseconds: pause)
                pause = min(pause * 2, Self.pauseMillisecondsMax)
            }
        }
    }

    /// Waits, unless stopped.
    private func sleep(milliseconds: Int) { _ = end.wait(timeoutMilliseconds: milliseconds) }

    /// Connects, finds the checkpoint in the journal, and copies until stopped or failed.
    private func copy(onProgress: () -> Void) throws(IngestFailure) {
        do {
            let store = try connect()
            var mark: JournalMark?
            let checkpoint = try store.resume(journalEnd: ledger.position) { position throws(StoreError) in
                mark = try journalMark(at: position)
                return mark?.chain.digest.bytes
            }
            guard let mark else { throw StoreError.foreign(checkpoint.position) }
            let batches = try BatchesAhead(
                logsDirectory: ledger.configuration.logsDirectory, into: store, after: mark
            ) { [ledger] in ledger.read { $0.mark } }
            // That it answers is no progress yet: a batch that it refuses is sent ever more rarely.
            status.withLock { $0.position = checkpoint.position.value }
            var pace = CatchUpPace()
            while !isStopping {
                guard let sent = try batches.next() else {
                    report(batches.position)
                    onProgress()
                    try compareTotals(store, at: batches.position)
                    ledger.wait(after: batches.position, milliseconds: 1000, with: bell)
                    continue
                }
                let began = ledger.configuration.monotonicNanoseconds()
                try sent.store()
                lastMark.withLock { $0 = batches.mark }
                counts.count(
                    events: sent.batch.events,
                    nanoseconds: ledger.configuration.monotonicNanoseconds() &- began)
                report(batches.position)
                onProgress()
                rest(&pace, since: began, batches)
            }
        } catch CopyError.store(let error) {
            throw IngestFailure(error)
        } catch let error as StoreError {
            throw IngestFailure(error)
        } catch { throw IngestFailure(kind: .journal, reason: "\(error)", isFatal: false) }
    }

    private func connect() throws(StoreError) -> LedgerStore {
        isConnecting.store(true, ordering: .relaxed)
        defer { isConnecting.store(false, ordering: .relaxed) }
        let store = try LedgerStore.open(url: url, origin: ledger.configuration.origin) { [self] in
            isStopping
        }
        guard !isStopping else { throw .connection("the program ends") }
        store.onDoubtResolved = { [log] position in
            log.info(
                "a commit whose answer was lost was done: nothing is sent again",
                ["position": "\(position.value)"])
        }
        return store
    }

    /// Leaves the machine to others for a while, when they need it and the copy is behind.
    private func rest(_ pace: inout CatchUpPace, since began: UInt64, _ batches: BatchesAhead) {
        let journalEnd = ledger.position.value
        let nanoseconds = pace.restNanoseconds(
            journalEnd: journalEnd, lag: journalEnd - batches.position.value, from: began,
            to: ledger.configuration.monotonicNanoseconds())
        batches.eventsMax = pace.eventsMax
        if nanoseconds > 0 { sleep(milliseconds: Int(nanoseconds / 1_000_000)) }
    }

    /// Compares the database's totals with the projection's, once a minute, when both are at `position`.
    private func compareTotals(_ store: LedgerStore, at position: Position) throws(StoreError) {
        let now = ledger.configuration.monotonicNanoseconds()
        guard now >= compareNotBefore.load(ordering: .relaxed) else { return }
        let usage = ledger.read { $0.usage }
        guard usage.position == position else { return }
        compareNotBefore.store(now + Self.comparePauseNanoseconds, ordering: .relaxed)
        let (calls, cost) = try store.totals()
        var expected = UsageSums()
        for user in usage.users.values { expected.add(user.total) }
        let divergence: Int64 = (calls == expected.calls ? 0 : 1) + (cost == expected.cost ? 0 : 1)
        status.withLock { $0.divergence = divergence }
        guard divergence > 0 else { return }
        log.error(
            "PostgreSQL and the projection disagree: run dledger verify --postgres",
            [
                "position": "\(position.value)", "calls_postgres": "\(calls)",
                "calls_ledger": "\(expected.calls)",
                "usd_postgres": cost.decimalText, "usd_ledger": expected.cost.decimalText,
            ])
    }

    /// The place after `position` in the journal, which reaches so far.
    private func journalMark(at position: Position) throws(StoreError) -> JournalMark {
        let known = [ledger.read { $0.mark }, lastMark.withLock { $0 }]
        for case let mark? in known where mark.position == position.value { return mark }
        let configuration = ledger.configuration
        let replay = Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin)
        do throws(LedgerError) { return try replay.mark(at: position) } catch {
            throw .journal(at: position, "\(error)")
        }
    }

    private func report(_ position: Position) {
        status.withLock {
            $0.isConnected = true
            $0.position = position.value
            $0.failure = nil
            $0.isFatal = false
        }
    }
}

/// Why the copy stalled.
private struct IngestFailure: Error {
    let kind: IngestCounts.Reason
    let reason: String
    let isFatal: Bool
}

extension IngestFailure {
    init(_ error: StoreError) {
        self.init(kind: IngestCounts.Reason(error), reason: "\(error)", isFatal: !error.isRetryable)
    }
}
