import Access
package import LedgerCore
package import Logging

/// Provisions containers, one a handle, and keeps the ledger and the engine of one mind about them.
///
/// Each change is durable before it is answered. One operation at a time reaches a container; what the engine
/// tells by itself is taken as a hint to look, never as the truth. Nothing is kept beside the ledger and the
/// engine: whatever moment the process dies at, ``ContainerAlignment`` says what the next one does.
///
/// Loop thread only.
package final class Orchestrator {
    /// How containers are made.
    package let configuration: OrchestratorConfiguration
    let engine: any ContainerEngine
    let scheduler: Scheduler
    let metrics: PlatformMetrics
    let log: Logger
    /// Provisions that failed and whose container could not be removed.
    var leftovers: Set<ContainerHandle> = []
    /// Containers whose missed or told end for want of memory is recorded, until they start again.
    var oomRecorded: Set<String> = []
    var reconciliation = Reconciliation()
    /// Hears each time that the engine answers for the first time, or again.
    package var onReachable: () -> Void = {}
    /// Whether it takes no new work.
    package private(set) var isStopping = false
    private let journal: ContainerJournal
    private var gate = OperationGate<Job>()
    private var pending: [ContainerHandle: PendingRecord] = [:]
    /// Containers to look at once their operation has ended.
    private var hints: Set<ContainerHandle> = []
    private var onIdle: (() -> Void)?

    /// Creates an orchestrator that waits to be asked; ``start()`` has it compare with the engine.
    package init(
        engine: any ContainerEngine, journal: ContainerJournal, scheduler: Scheduler,
        configuration: OrchestratorConfiguration, metrics: PlatformMetrics, log: Logger
    ) {
        self.engine = engine
        self.journal = journal
        self.scheduler = scheduler
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
    }

    /// Every container, by handle.
    package var containers: [ContainerRecord] {
        var records = journal.records()
        for (handle, pending) in pending { records[handle] = pending.record }
        return records.values.sorted { $0.container.handle < $1.container.handle }
    }

    /// What is known of a container, changes under way included; nil: there is none.
    package func record(of handle: ContainerHandle) -> ContainerRecord? {
        if let pending = pending[handle] { return pending.record }
        return journal.record(handle)
    }

    /// Takes no new work, gives up what waits, and calls `then` once nothing is under way.
    package func stop(then: @escaping () -> Void) {
        isStopping = true
        onIdle = then
        reconciliation.cancel()
        for (_, job) in gate.empty() { job.refuse(.stopping) }
        tellWhenIdle()
    }

    /// Runs `body` when it is `handle`'s turn; it must call what it is handed, once, at its end.
    func enter(
        _ handle: ContainerHandle, refuse: @escaping (ContainerRefused) -> Void,
        body: @escaping (_ leave: @escaping () -> Void) -> Void
    ) {
        guard !isStopping else { return refuse(.stopping) }
        let job = Job(body: body, refuse: refuse)
        switch gate.enter(job, for: handle) {
        case .starts: start(job, handle)
        case .waits: break
        case .handleIsFull: refuse(.handleBusy)
        case .isFull: refuse(.busy)
        }
    }

    /// Whether an operation on `handle` is under way or waits.
    func isTaken(_ handle: ContainerHandle) -> Bool { gate.isTaken(handle) }

    /// Looks at `handle` when its operation has ended.
    func hint(_ handle: ContainerHandle) { hints.insert(handle) }

    /// Records a change; what is known counts it at once, `then` when it is durable.
    func append(
        _ change: ContainerChange, _ container: ContainerIdentity, reason: String, exitCode: Int64? = nil,
        durationMilliseconds: Int64? = nil,
        then: @escaping (Result<Void, ContainerRefused>) -> Void = { _ in }
    ) {
        let handle = container.handle
        let isMade = change == .provisioned
        let event = ContainerChanged(
            container: container, change: change, reason: reason, exitCode: exitCode,
            durationMilliseconds: durationMilliseconds,
            memoryLimitBytes: isMade ? configuration.memoryLimitBytes : nil,
            cpuLimitMillicores: isMade ? configuration.cpuLimitMillicores : nil)
        let count = pending[handle]?.count ?? 0
        pending[handle] = PendingRecord(
            record: ContainerRecord.after(event, record(of: handle)), count: count + 1)
        if change == .started || change == .provisioned { oomRecorded.remove(container.containerID) }
        journal.append(event) { [self] result in
            let left = (pending[handle]?.count ?? 1) - 1
            if left > 0 { pending[handle]?.count = left } else { pending[handle] = nil }
            if case .failure = result {
                log.warning(
                    "a container's change is not recorded",
                    ["handle": handle.text, "change": change.rawValue])
            }
            then(result)
        }
    }

    /// The key and the addresses that a container calls models with.
    func environment(of handle: ContainerHandle) -> [String: String] {
        guard let user = UserID(handle.text) else { return [:] }
        let key = ProxyKey.mint(for: user, secret: configuration.keySecret)
        return [
            "ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": configuration.proxyURL,
            "OPENAI_API_KEY": key, "OPENAI_BASE_URL": configuration.proxyURL + "/v1",
            "DISPATCH_USER": user.text,
        ]
    }

    private func start(_ job: Job, _ handle: ContainerHandle) {
        job.body { [self] in
            for (handle, job) in gate.leave(handle) { start(job, handle) }
            if hints.remove(handle) != nil { look(at: handle, reason: "reconcile") }
            tellWhenIdle()
        }
    }

    private func tellWhenIdle() {
        guard isStopping, gate.isIdle, let then = onIdle else { return }
        onIdle = nil
        then()
    }
}

/// An operation, and what to do when it cannot be done.
private struct Job {
    let body: (_ leave: @escaping () -> Void) -> Void
    let refuse: (ContainerRefused) -> Void
}

/// What will be known of a container once the changes under way are durable.
private struct PendingRecord {
    var record: ContainerRecord?
    var count: Int
}
