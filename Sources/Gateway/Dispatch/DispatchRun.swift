import Access
import EventLoop
import HTTP
import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import Threads

/// One agent run, from the question to what is recorded of it.
///
/// ```
///   queue full, or shutdown
///  ┌────────────────────► rejecting ─── told, recorded where that can be ───┐
///  │                          ▲                                             │
///  │     taken back, too late │                                             │
///  └ asked for ──────────► queued                                           │
///                             │ a slot is free                              │
///                             ▼         a quota refuses it,                 │
///                          starting ─── or nothing can be recorded ─────────┤
///                             │ started is durable                          │
///                             ▼                                             │
///                          running                                          │
///                             │ the kernel has ended, or was stopped before │
///                             ▼                                             │
///                          settling                                         │
///                             │ no call of it is open, or 5 s have passed   │
///                             ▼                                             ▼
///                         completing ─── completed is durable ───────────► ended
/// ```
/// While the journal cannot be written, `completing` goes back to `settling` after a second. With
/// `LEDGER_FAIL=open` a run that could not be recorded at its start runs too, and ends without a record.
///
/// A slot is held in `starting` and `running`. Loop thread only.
final class DispatchRun: DispatchHandle, RunDescription {
    enum State: String { case queued, rejecting, starting, running, settling, completing, ended }

    /// Why a run is stopped before its kernel ends by itself.
    enum StopReason { case aborted, deadline, shutdown }

    let identity: DispatchIdentity
    let sessionID: String
    private let desk: Dispatcher
    private let request: DispatchRequest
    private var handlers: DispatchHandlers?
    private let prompt: String?
    private let askedNanoseconds: UInt64
    private var startedNanoseconds: UInt64
    private var state = State.queued
    private var stopReason: StopReason?
    private var isRecorded = true
    private var kernelRun: (any KernelRun)?
    private var tally: RunTally
    private var deadline: LoopTimer?
    private var stopLimit: LoopTimer?

    static let settlePollMilliseconds: UInt64 = 20

    init(
        _ desk: Dispatcher, _ request: DispatchRequest, _ handlers: DispatchHandlers, dispatchID: UniqueID
    ) {
        self.desk = desk
        self.request = request
        self.handlers = handlers
        sessionID = request.sessionID ?? dispatchID.text
        identity = DispatchIdentity(
            dispatchID: dispatchID, user: request.user, source: request.source, sessionID: sessionID,
            kernel: desk.kernel.kind, requestModel: request.model)
        prompt = desk.configuration.prompts.recorded(request.text)
        tally = RunTally(
            textBytesMax: desk.configuration.textBytesMax, prompts: desk.configuration.prompts)
        askedNanoseconds = desk.ledger.configuration.monotonicNanoseconds()
        startedNanoseconds = askedNanoseconds
    }

    var dispatchID: UniqueID { identity.dispatchID }
    var stateName: String { state.rawValue }
    var isQueued: Bool { state == .queued }
    private var log: Logger { desk.log.tracing(request.trace?.traceID) }
    var ageMilliseconds: Int64 { milliseconds(since: askedNanoseconds) }

    private func milliseconds(since start: UInt64) -> Int64 {
        Int64(clamping: (desk.ledger.configuration.monotonicNanoseconds() &- start) / 1_000_000)
    }

    // MARK: Queued

    func watchDeadline() {
        deadline = LoopTimer(on: desk.loop, after: desk.configuration.deadlineMilliseconds) {
            [weak self] in self?.stop(.deadline)
        }
    }

    func abort() { stop(.aborted) }

    func shutDown() { stop(.shutdown) }

    private func stop(_ reason: StopReason) {
        guard stopReason == nil else { return }
        switch state {
        case .queued:
            guard desk.dequeue(self) else { return }
            stopReason = reason
            switch reason {
            case .aborted: reject(.aborted)
            case .deadline: reject(.deadline)
            case .shutdown: reject(.shutdown)
            }
        case .starting: stopReason = reason
        case .running:
            stopReason = reason
            stopLimit = LoopTimer(on: desk.loop, after: desk.configuration.stopMilliseconds) {
                [weak self] in self?.abandonKernel()
            }
            kernelRun?.stop()
        case .rejecting, .settling, .completing, .ended: break
        }
    }

    /// Records that it never started.
    func reject(_ reason: DispatchRefusal) {
        state = .rejecting
        let event = DispatchRejected(
            dispatch: identity, reason: reason, queuedMilliseconds: milliseconds(since: askedNanoseconds))
        submit(.rejectDispatch(event)) { run, _ in
            run.end(.refused(DispatchRefused(reason, desk: run.desk.configuration)))
        }
    }

    // MARK: Starting

    func start() {
        state = .starting
        let event = DispatchStarted(
            dispatch: identity, queuedMilliseconds: milliseconds(since: askedNanoseconds), prompt: prompt)
        submit(.startDispatch(event)) { run, result in
            switch result {
            case .success(let receipt):
                if case .dispatchRejected(let event)? = receipt.last?.event {
                    run.notStarted(DispatchRefused(event, at: run.desk.ledger.configuration.now()))
                } else {
                    run.begin()
                }
            case .failure(.unavailable) where run.desk.configuration.isFailOpen:
                run.isRecorded = false
                run.desk.metrics.unrecorded.unlabelled.increment()
                run.begin()
            case .failure: run.notStarted(.unavailable)
            }
        }
    }

    private func notStarted(_ refused: DispatchRefused) {
        end(.refused(refused))
        desk.freeSlot(of: identity.user)
    }

    /// Starts the kernel: what has to be durable before it is.
    private func begin() {
        startedNanoseconds = desk.ledger.configuration.monotonicNanoseconds()
        state = .running
        guard stopReason == nil else {
            return kernelEnded(KernelEnd(failure: KernelFailure(.start, "It was stopped before it started.")))
        }
        let task = KernelTask(
            dispatchID: dispatchID, user: identity.user, sessionID: sessionID, text: request.text,
            model: request.model, proxyURL: desk.configuration.proxyURL,
            key: ProxyKey.mint(for: identity.user, secret: desk.configuration.keySecret),
            trace: request.trace)
        kernelRun = desk.kernel.start(
            task,
            KernelHandlers(
                onEvent: { [weak self] in self?.happened($0) }, onEnd: { self.kernelEnded($0) }))
    }

    // MARK: Running

    private func happened(_ event: KernelEvent) {
        guard state == .running else { return }
        tally.add(event)
        switch event {
        case .ready(let model): handlers?.onEvent(.ready(model: model))
        case .text(let piece): handlers?.onEvent(.text(piece))
        case .tool(let name, let input): handlers?.onEvent(.tool(name: name, input: input))
        }
    }

    /// The kernel does not end: its slot is given back all the same.
    private func abandonKernel() {
        log.error("a kernel did not end when told to", ["dispatch": dispatchID.text])
        kernelEnded(KernelEnd(failure: KernelFailure(.hang, "The kernel did not end when it was told to.")))
    }

    private func kernelEnded(_ end: KernelEnd) {
        guard state == .running else { return }
        state = .settling
        kernelRun = nil
        deadline?.cancel()
        stopLimit?.cancel()
        tally.end(with: end.text)
        let ending = RunEnding(end, stopReason: stopReason)
        let report = DispatchReport(
            of: dispatchID, end, ending, tally, at: desk, prompt: prompt,
            durationMilliseconds: milliseconds(since: startedNanoseconds))
        desk.metrics.duration[DispatchSource.label(of: identity.source).rawValue].observe(
            nanoseconds: Int64(
                clamping: desk.ledger.configuration.monotonicNanoseconds() &- startedNanoseconds))
        desk.freeSlot(of: identity.user)
        settle(report, ending, waited: 0)
    }

    // MARK: Settling

    /// Waits, at most for a while, until none of its calls is open: a broken-off call is read to its end.
    private func settle(_ report: DispatchReport, _ ending: RunEnding, waited: UInt64) {
        guard isRecorded else {
            return end(.completed(DispatchCompleted(report, of: identity), tally, ending))
        }
        let open = desk.ledger.read { $0.state.dispatches[dispatchID]?.openCalls ?? 0 }
        guard open > 0, waited < desk.configuration.settleMilliseconds else {
            return complete(report, ending)
        }
        _ = LoopTimer(on: desk.loop, after: Self.settlePollMilliseconds) {
            self.settle(report, ending, waited: waited + Self.settlePollMilliseconds)
        }
    }

    /// Records the end, however long the journal cannot be written: few runs can wait for that, because none
    /// starts meanwhile that would have to be recorded.
    private func complete(_ report: DispatchReport, _ ending: RunEnding) {
        state = .completing
        submit(.completeDispatch(report)) { run, result in
            switch result {
            case .success(let receipt):
                guard case .dispatchCompleted(let event)? = receipt.last?.event else {
                    return run.end(.refused(.unrecorded))
                }
                if CostComparison.differs(event) {
                    run.desk.metrics.costDifferences.unlabelled.increment()
                }
                run.end(.completed(event, run.tally, ending))
            case .failure(.unavailable), .failure(.overloaded):
                run.notRecorded(report, ending)
                // Its calls may have waited for the journal too, and settle first.
                run.state = .settling
                _ = LoopTimer(on: run.desk.loop, after: run.desk.configuration.retryMilliseconds) {
                    run.settle(report, ending, waited: 0)
                }
            case .failure(let error):
                run.log.error(
                    "the end of a run is not recorded",
                    ["dispatch": run.dispatchID.text, "error": "\(error)"])
                run.end(.refused(.unrecorded))
            }
        }
    }

    /// Whoever asked is told at once, and once.
    private func notRecorded(_ report: DispatchReport, _ ending: RunEnding) {
        tell(
            desk.configuration.isFailOpen
                ? .completed(DispatchCompleted(report, of: identity), tally, ending) : .refused(.unrecorded))
    }

    // MARK: End

    private func end(_ outcome: DispatchOutcome) {
        log.debug("a run has ended", ["dispatch": dispatchID.text, "user": identity.user.text])
        state = .ended
        deadline?.cancel()
        tell(outcome)
        desk.ended(self)
    }

    private func tell(_ outcome: DispatchOutcome) {
        guard let handlers else { return }
        self.handlers = nil
        handlers.onEnd(outcome)
    }

    /// Asks the ledger, and comes back to the loop with its answer.
    private func submit(
        _ command: Command, then: @escaping (DispatchRun, Result<Receipt, LedgerError>) -> Void
    ) {
        let me = Confined((run: self, then: then))
        let loop = desk.loop
        desk.ledger.submit(command) { result in
            loop.post { me.value.then(me.value.run, result) }
        }
    }
}
