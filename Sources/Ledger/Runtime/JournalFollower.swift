package import LedgerCore
import LedgerJournal
package import Logging
import Synchronization
package import Threads

/// A subscription to the journal: one thread that reads behind the writer and hands on what is durable.
///
/// It begins with the first event and misses none. It never holds up the writer: it reads the journal's
/// files.
package final class JournalFollower: Sendable {
    /// Takes events in their order, on the follower's thread; `journalEnd` is how far the journal went.
    package typealias Body = @Sendable (_ events: [RecordedEvent], _ journalEnd: Position) -> Void

    private let ledger: Ledger
    private let log: Logger
    private let body: Body
    private let bell: Semaphore
    private let stopping = Atomic(false)
    private let thread = Lock<Thread?>(nil)

    private static let eventsMax = 5_000
    private static let pauseMilliseconds = 1_000

    /// Creates the subscription; ``start()`` runs it.
    package init(_ ledger: Ledger, log: Logger, _ body: @escaping Body) {
        self.ledger = ledger
        self.log = log
        self.body = body
        bell = ledger.subscribe()
    }

    /// Starts the thread.
    package func start() throws(ThreadError) {
        let thread = try Thread(named: "ledger-history") { [self] in run() }
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
        var mark: JournalMark?
        while !isStopping {
            do throws(LedgerError) { try follow(from: &mark) } catch {
                log.error("the journal cannot be followed", ["error": "\(error)"], onceEvery: 10)
                _ = bell.wait(timeoutMilliseconds: Self.pauseMilliseconds)
            }
        }
    }

    /// Reads on from `mark`, and keeps it up to date, until stopped or failed.
    private func follow(from mark: inout JournalMark?) throws(LedgerError) {
        var reader = try open(from: mark)
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
            body(events, Position(limit.position))
            mark = reader.mark
        }
    }

    private func open(from mark: JournalMark?) throws(LedgerError) -> JournalReader {
        do throws(JournalError) {
            // The writer has checked the chain, or a thread of its own does.
            return try JournalReader(
                directory: ledger.configuration.logsDirectory, origin: ledger.configuration.origin,
                from: mark, verifyingChain: false)
        } catch { throw .journal("\(error)") }
    }

    private static func line(
        _ reader: inout JournalReader, _ limit: JournalMark
    ) throws(LedgerError) -> JournalLine? {
        do throws(JournalError) { return try reader.next(upTo: limit) } catch { throw .journal("\(error)") }
    }
}
