package import LedgerCore
import LedgerJournal
package import Logging
import Synchronization
package import Threads

/// The ledger of one process: one writer thread that judges commands, records events and answers when they
/// are durable.
///
/// The writer drains what waits, decides and encodes it, writes once, syncs once, publishes the new state and
/// answers all: nothing is answered before it is on disk, and readers never see what is not.
package final class Ledger: Sendable {
    /// The settings that it was opened with.
    package let configuration: LedgerConfiguration
    /// The prices that costs are worked out with.
    package let prices: PriceBook
    private let inbox = Lock(Inbox())
    private let wakeup = Semaphore()
    private let published: Lock<LedgerView>
    private let subscribers = Lock<[Semaphore]>([])
    private let writer = Lock<Thread?>(nil)
    private let found = Lock<String?>(nil)
    private let shared = Lock<BudgetSharing?>(nil)
    /// What recovery found when the journal was opened.
    package let recovery: RecoverySummary

    /// What happens to a command, told once on the writer's thread: keep it short.
    package typealias Reply = @Sendable (Result<Receipt, LedgerError>) -> Void

    /// Opens the journal under `configuration.home`, folds it, and starts the writer.
    ///
    /// Reservations left open by a process that ended are expired at their reserved amount before anything
    /// else.
    ///
    /// - Throws: a ``LedgerError`` that says what is wrong and what to run.
    package init(
        _ configuration: LedgerConfiguration, prices: PriceBook, pricesSource: String, log: Logger
    ) throws(LedgerError) {
        let opened = try OpenedJournal(configuration, log: log)
        self.configuration = configuration
        self.prices = prices
        recovery = opened.summary
        published = Lock(opened.view)
        let loop = WriterLoop(ledger: self, journal: opened.writer, view: opened.view, log: log)
        loop.start(prices: prices, from: pricesSource)
        do throws(ThreadError) {
            let thread = try Thread(named: "ledger-writer") { loop.run() }
            writer.withLock { $0 = thread }
            if let mark = opened.uncheckedUpTo {
                try Thread(named: "ledger-check") { [self] in check(upTo: mark, log: log) }.detach()
            }
        } catch { throw .thread }
    }

    /// Asks for `command`; `reply` is called once, when its events are durable or it is refused.
    ///
    /// - Complexity: O(1); never blocks. More than ``LedgerConfiguration/pendingMax`` waiting commands are
    ///   refused.
    package func submit(_ command: Command, reply: @escaping Reply) {
        submit(Request(command: command, reply: reply))
    }

    func submit(_ request: Request) {
        let outcome = inbox.withLock { inbox in
            if inbox.isClosed { return Inbox.Outcome.refused(.closed) }
            if inbox.requests.count >= configuration.pendingMax { return .refused(.overloaded) }
            inbox.requests.append(request)
            return inbox.requests.count == 1 ? .first : .queued
        }
        switch outcome {
        case .first: wakeup.signal()
        case .queued: break
        case .refused(let error): request.reply(.failure(error))
        }
    }

    /// Asks for `command` and waits for the answer.
    ///
    /// Blocks; not from the writer's or the loop's thread.
    func perform(_ command: Command) throws(LedgerError) -> Receipt {
        let answer = Lock<Result<Receipt, LedgerError>>(.failure(.closed))
        let done = Semaphore()
        submit(command) { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return try answer.withLock { $0 }.get()
    }

    /// What limits are shared through; nil: they are this journal's own.
    var sharing: BudgetSharing? { shared.withLock { $0 } }

    /// Shares limits with other journals from now on.
    func shareBudgets(_ sharing: BudgetSharing) { shared.withLock { $0 = sharing } }

    /// Reads the published state: the fold of what is durable, nothing beyond.
    ///
    /// Keep `body` short; the writer waits.
    package func read<Value>(_ body: (borrowing LedgerView) -> Value) -> Value {
        published.withLock { body($0) }
    }

    /// The last durable position.
    package var position: Position { read { $0.usage.position } }

    /// Waits, at most `milliseconds`, until something behind `position` is durable.
    package func wait(after position: Position, milliseconds: Int, with bell: Semaphore) {
        if self.position > position { return }
        _ = bell.wait(timeoutMilliseconds: milliseconds)
    }

    /// Registers a bell that is rung after each batch.
    package func subscribe() -> Semaphore {
        let bell = Semaphore()
        subscribers.withLock { $0.append(bell) }
        return bell
    }

    /// Finishes what waits, saves a snapshot, and ends the writer.
    ///
    /// Blocks; not from the loop's thread.
    package func close() {
        inbox.withLock { $0.isClosed = true }
        wakeup.signal()
        writer.withLock { $0.take() }?.join()
    }

    /// Why nothing may be recorded any more: damage found behind a snapshot; nil: there is none.
    var damage: String? { found.withLock { $0 } }

    /// Checks the lines before a snapshot beside the running ledger, which stops recording when one is
    /// damaged.
    private func check(upTo mark: JournalMark, log: Logger) {
        let replay = Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin)
        do throws(LedgerError) { try replay.lines(upTo: mark) { _ in } } catch {
            log.error("the journal is damaged: nothing is recorded any more", ["error": "\(error)"])
            found.withLock { $0 = "\(error)" }
            wakeup.signal()
        }
    }

    /// Waits once and gives the writer what came in, perhaps nothing; nil: closed and empty.
    func nextBatch(max: Int, waitMilliseconds: Int?) -> [Request]? {
        var hasWaited = false
        while true {
            let (batch, isClosed) = inbox.withLock { inbox in
                let count = min(inbox.requests.count, max)
                let batch = Array(inbox.requests.prefix(count))
                inbox.requests.removeFirst(count)
                return (batch, inbox.isClosed)
            }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            if hasWaited { return [] }
            if let waitMilliseconds {
                _ = wakeup.wait(timeoutMilliseconds: waitMilliseconds)
            } else {
                wakeup.wait()
            }
            hasWaited = true
        }
    }

    /// Shows readers what is durable now.
    func publish(_ body: (inout LedgerView) -> Void) {
        published.withLock { body(&$0) }
        subscribers.withLock { for bell in $0 { bell.signal() } }
    }
}

/// What waits for the writer.
private struct Inbox {
    var requests: [Request] = []
    var isClosed = false

    enum Outcome { case first, queued, refused(LedgerError) }
}

/// What the writer tells of limits that are shared: on its thread, so it is short.
struct BudgetSharing: Sendable {
    /// Takes a call that needs more than is leased, and what it needs.
    let onShortage: @Sendable (Request, [LeaseNeed]) -> Void
    /// Takes note of subjects whose limits changed, or were spent from without a lease.
    let onChange: @Sendable (Set<QuotaSubject>) -> Void
}

/// One caller's command and where its answer goes.
struct Request: Sendable {
    let command: Command
    let reply: Ledger.Reply
    /// What happens when it needs more of a shared limit than is leased.
    var shortage = BudgetScope.Shortage.ask
    /// How often it has waited for a lease.
    var waits = 0

    init(command: Command, reply: @escaping Ledger.Reply) {
        self.command = command
        self.reply = reply
    }
}
