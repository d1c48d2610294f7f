import LedgerCore
package import Logging
import Synchronization
package import Threads

/// Leases parts of limits that journals share, and gives back what is not used: one thread, one session with
/// PostgreSQL.
///
/// A call that needs more than is leased waits here for one round: claim in PostgreSQL, record, judge again.
/// Under load more is leased ahead, so that calls seldom wait.
package final class LeaseDesk: Sendable {
    private let ledger: Ledger
    private let inbox = Lock(Inbox())
    private let bell = Semaphore()
    private let stopping = Atomic(false)
    private let begun = Semaphore()
    private let thread = Lock<Thread?>(nil)
    private let work: @Sendable (LeaseDesk) -> LeaseRounds
    /// What became of claims.
    package let counts = LeaseCounts()

    /// A call that waits.
    struct Waiting: Sendable {
        var request: Request
        let needs: [LeaseNeed]
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        var changed: Set<QuotaSubject> = []
        var isClosed = false
    }

    /// How long a start waits for the limits of other journals.
    private static let beginMilliseconds = 30_000
    /// How many calls one round serves.
    private static let roundMax = 1_024

    /// Shares the limits of `ledger` through the database at `url`; ``start()`` begins.
    package init(_ ledger: Ledger, url: String, policy: SharedBudgets, log: Logger) {
        self.ledger = ledger
        work = { desk in LeaseRounds(ledger, url: url, policy: policy, desk: desk, log: log) }
        ledger.shareBudgets(
            BudgetSharing(
                onShortage: { [self] request, needs in take(request, needs) },
                onChange: { [self] subjects in take(subjects) }))
    }

    /// Starts the thread, and copies what changed of limits in other journals.
    ///
    /// Blocks until that is done or PostgreSQL is found to be away, half a minute at most.
    package func start() throws(ThreadError) {
        let thread = try Thread(named: "ledger-leases") { [self] in run() }
        self.thread.withLock { $0 = thread }
        _ = begun.wait(timeoutMilliseconds: Self.beginMilliseconds)
    }

    /// Gives back what is not used, and ends the thread.
    ///
    /// Blocks, for as long as PostgreSQL takes; calls that come afterwards are refused.
    package func stop() {
        stopping.store(true, ordering: .relaxed)
        bell.signal()
        thread.withLock { $0.take() }?.join()
    }

    /// Whether the process is to end.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    private func take(_ request: Request, _ needs: [LeaseNeed]) {
        let refusal: LedgerError? = inbox.withLock { inbox in
            if inbox.isClosed { return .closed }
            if inbox.waiting.count >= ledger.configuration.pendingMax { return .overloaded }
            inbox.waiting.append(Waiting(request: request, needs: needs))
            return nil
        }
        if let refusal { return request.reply(.failure(refusal)) }
        bell.signal()
    }

    private func take(_ subjects: Set<QuotaSubject>) {
        inbox.withLock { if !$0.isClosed { $0.changed.formUnion(subjects) } }
        bell.signal()
    }

    private func run() {
        let rounds = work(self)
        rounds.begin()
        begun.signal()
        while !isStopping {
            _ = bell.wait(timeoutMilliseconds: rounds.pauseMilliseconds)
            let (waiting, changed) = inbox.withLock { inbox in
                let some = Array(inbox.waiting.prefix(Self.roundMax))
                inbox.waiting.removeFirst(some.count)
                defer { inbox.changed = [] }
                return (some, inbox.changed)
            }
            // One bell a call: those of the same round are not for another.
            for _ in waiting.dropFirst() { _ = bell.wait(timeoutMilliseconds: 0) }
            guard !rounds.run(waiting, changed) else { continue }
            inbox.withLock { $0.changed.formUnion(changed) }
        }
        let rest = inbox.withLock { inbox in
            inbox.isClosed = true
            return inbox.waiting
        }
        for waiting in rest { waiting.request.reply(.failure(.closed)) }
        rounds.giveBackAll()
    }
}
