package import EventLoop
package import LedgerCore
package import LedgerRuntime
package import Logging
import Metrics

/// Lets agent runs in: a bounded queue, fair by user, before a bounded number of running kernels.
///
/// Loop thread only.
package final class Dispatcher: DispatchDesk {
    let loop: EventLoop
    let ledger: Ledger
    let kernel: any Kernel
    let configuration: DispatcherConfiguration
    let metrics: GatewayMetrics
    let log: Logger
    private var queue = FairQueue<DispatchRun>()
    /// Every run that has not ended.
    private var runs: [UniqueID: DispatchRun] = [:]
    /// Slots in use, by user.
    private var slots: [UserID: Int] = [:]
    private var random = SystemRandomNumberGenerator()
    private var isClosed = false
    private var onKernelsEnded: (() -> Void)?
    private var onIdle: (() -> Void)?

    /// Creates a dispatcher whose runs `kernel` does.
    package init(
        loop: EventLoop, ledger: Ledger, kernel: any Kernel, configuration: DispatcherConfiguration,
        metrics: GatewayMetrics, log: Logger
    ) {
        self.loop = loop
        self.ledger = ledger
        self.kernel = kernel
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
    }

    /// How many wait.
    package var queuedCount: Int { queue.count }

    /// How many kernels run.
    package var runningCount: Int { slots.values.reduce(0, +) }

    /// Every run that has not ended, the oldest first.
    package var open: [any DispatchHandle & RunDescription] {
        runs.values.sorted { $0.dispatchID.bits < $1.dispatchID.bits }
    }

    /// The open run called `dispatchID`.
    package func run(_ dispatchID: UniqueID) -> (any DispatchHandle & RunDescription)? { runs[dispatchID] }

    package func submit(
        _ request: DispatchRequest, _ handlers: DispatchHandlers
    ) -> any DispatchHandle {
        let run = DispatchRun(self, request, handlers, dispatchID: newID())
        runs[run.dispatchID] = run
        if isClosed {
            run.reject(.shutdown)
        } else if runningCount >= configuration.concurrency, queue.count >= configuration.queueMax {
            run.reject(.queueFull)
        } else {
            run.watchDeadline()
            queue.append(run, of: request.user)
            startNext()
        }
        return run
    }

    private func startNext() {
        while runningCount < configuration.concurrency, let run = queue.next(running: { slots[$0] ?? 0 }) {
            slots[run.identity.user, default: 0] += 1
            run.start()
        }
        report()
    }

    /// Takes `run` out of the queue; false: it is not in it.
    func dequeue(_ run: DispatchRun) -> Bool {
        defer { report() }
        return queue.remove(run)
    }

    /// A run's kernel has ended, or never started.
    func freeSlot(of user: UserID) {
        let left = (slots[user] ?? 1) - 1
        slots[user] = left > 0 ? left : nil
        startNext()
        tellEnds()
    }

    func ended(_ run: DispatchRun) {
        runs[run.dispatchID] = nil
        tellEnds()
    }

    private func report() {
        metrics.queueDepth.unlabelled.set(.integer(Int64(queue.count)))
        metrics.running.unlabelled.set(.integer(Int64(runningCount)))
    }

    private func newID() -> UniqueID {
        UniqueID(
            at: ledger.configuration.now(),
            random: UInt128(random.next()) << 64 | UInt128(random.next()))
    }

    // MARK: Shutdown

    /// Refuses what waits and what comes; stops what still runs after `graceMilliseconds`.
    ///
    /// `kernelsEnded` runs when no kernel is left, `then` when all is recorded: that waits for the calls
    ///   which
    /// the kernels left behind.
    package func drain(
        graceMilliseconds: UInt64, kernelsEnded: @escaping () -> Void, then: @escaping () -> Void
    ) {
        isClosed = true
        onKernelsEnded = kernelsEnded
        onIdle = then
        for run in Array(runs.values) where run.isQueued { run.shutDown() }
        _ = LoopTimer(on: loop, after: graceMilliseconds) { [weak self] in
            guard let self else { return }
            for run in Array(runs.values) { run.shutDown() }
        }
        tellEnds()
    }

    private func tellEnds() {
        if slots.isEmpty, let notify = onKernelsEnded {
            onKernelsEnded = nil
            notify()
        }
        if runs.isEmpty, let notify = onIdle {
            onIdle = nil
            notify()
        }
    }
}

/// What a list of open runs tells of each.
package protocol RunDescription {
    /// What names it.
    var identity: DispatchIdentity { get }
    /// Where it stands, in a word.
    var stateName: String { get }
    /// Since when it is open, in milliseconds.
    var ageMilliseconds: Int64 { get }
}
