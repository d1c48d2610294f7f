package import LedgerCore
import LedgerJournal
package import Logging
import Synchronization
package import Threads

/// A subscription to the journal: one thread that reads behind the writer and hands on what is durable.
///
/// It begins with the first event, or behind a position, and misses none. It never holds up the writer: it
/// reads the journal's files.
package final class JournalFollower: Sendable {
    /// Takes events in their order, on the follower's thread; `journalEnd` is how far the journal went.
    ///
    /// False: it could not take them, and gets the same ones again a second later.
    package typealias Body = @Sendable (_ events: [RecordedEvent], _ journalEnd: Position) -> Bool

    private let ledger: Ledger
    private let name: String
    private let beginning: @Sendable () -> Position?
    private let log: Logger
    private let body: Body
    private let bell: Semaphore
    private let stopping = Atomic(false)
    private let thread = Lock<Thread?>(nil)

    private static let eventsMax = 5_000
    private static let pauseMilliseconds = 1_000

    /// Creates the subscription; ``start()`` runs it, on a thread called `name`.
    ///
    /// `start` says, on that thread, behind which position it begins; nil: not yet, ask again in a second.
    package init(
        _ ledger: Ledger, named name: String,
        from start: @escaping @Sendable () -> Position? = { Position(0) },
        log: Logger, _ body: @escaping Body
    ) {
        self.ledger = ledger
        self.name = name
        beginning = start
        self.log = log
        self.body = body
        bell = ledger.subscribe()
    }

    /// Starts the thread.
    package func start() throws(ThreadError) {
        let thread = try Thread(named: name) { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread after the events in hand.
    package func stop() {
        stopping.store(true, ordering: .relaxed)
        bell.signal()
        thread.withLock { $0.take() }?.join()
    }

    private var isStopping: Bool { stopping.load(ordering: .relaxed) }

    private func run() {
        var start: Position?
        var mark: JournalMark?
        while !isStopping {
            start = start ?? beginning()
            guard let first = start else {
                pause()
                continue
            }
            do throws(LedgerError) { try follow(after: first, from: &mark) } catch {
                log.error("the journal cannot be followed", ["error": "\(error)"], onceEvery: 10)
            }
            pause()
        }
    }

    /// Waits a second, however often the bell is rung, or until stopped.
    private func pause() {
        let begun = ledger.configuration.monotonicNanoseconds()
        while !isStopping,
            ledger.configuration.monotonicNanoseconds() &- begun < UInt64(Self.pauseMilliseconds) * 1_000_000
        {
            _ = bell.wait(timeoutMilliseconds: Self.pauseMilliseconds)
        }
    }

    /// Reads on from `mark`, or behind `first`, and keeps the mark up to date, until stopped, failed, or not
    /// taken.
    private func follow(after first: Position, from mark: inout JournalMark?) throws(LedgerError) {
        var reader = try open(after: first, from: mark)
        while !isStopping {
            let limit = ledger.read { $0.mark }
            var events: [RecordedEvent] = []
            while events.count < Self.eventsMax, let line = try Self.line(&reader, limit) {
                events.append(try Replay.decode(line))
            }
            guard !events.isEmpty else {
                ledger.wait(
                    after: Position(reader.mark.position), milliseconds: Self.pauseMilliseconds, with: bell)
                continue
            }
            guard body(events, Position(limit.position)) else { return }
            mark = reader.mark
        }
    }

    private func open(after first: Position, from mark: JournalMark?) throws(LedgerError) -> JournalReader {
        let (path, origin) = (ledger.configuration.logsDirectory, ledger.configuration.origin)
        do throws(JournalError) {
            // The writer has checked the chain, or a thread of its own does.
            guard mark == nil, first > Position(0) else {
                return try JournalReader(
                    directory: path, origin: origin, from: mark, verifyingChain: false)
            }
            return try .starting(
                after: first.value, directory: path, origin: origin, upTo: ledger.read { $0.mark },
                verifyingChain: false)
        } catch { throw .journal("\(error)") }
    }

    private static func line(
        _ reader: inout JournalReader, _ limit: JournalMark
    ) throws(LedgerError) -> JournalLine? {
        do throws(JournalError) { return try reader.next(upTo: limit) } catch { throw .journal("\(error)") }
    }
}
