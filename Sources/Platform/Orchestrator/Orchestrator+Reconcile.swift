import HTTP
import LedgerCore
import Logging

extension Orchestrator {
    /// Compares with the engine now, and again and again.
    package func start() { reconcile() }

    /// Whether the engine answered last; nil: it was not asked yet.
    package var isEngineReachable: Bool? { reconciliation.isEngineReachable }

    /// Compares what the ledger knows with what the engine has, and looks at each difference.
    package func reconcile() {
        guard !isStopping else { return }
        guard !reconciliation.isUnderWay else {
            reconciliation.isWantedAgain = true
            return
        }
        reconciliation.cancel()
        reconciliation.isUnderWay = true
        engine.list(label: configuration.labelFilter) { [self] result in
            switch result {
            case .success(let found):
                noteEngine(nil)
                reconciliation.looks = differences(found)
                nextLook()
            case .failure(let error):
                noteEngine(error)
                endReconciliation(pauseMilliseconds: reconciliation.pauseMilliseconds)
            }
        }
    }

    /// Takes a list that somebody else asked for: where it differs from what is known, the two are compared.
    package func onList(_ found: [EngineContainer]) {
        guard !isStopping else { return }
        noteEngine(nil)
        let hasNews = differences(found).contains { !isTaken($0.handle) }
        if hasNews { reconcileSoon() }
    }

    private func differences(_ found: [EngineContainer]) -> [(handle: ContainerHandle, id: String?)] {
        let records = Dictionary(uniqueKeysWithValues: containers.map { ($0.container.handle, $0) })
        let (looks, strays) = Reconciliation.differences(
            found, records, leftovers: leftovers, name: configuration.name)
        complain(strays)
        return looks
    }

    /// Compares with the engine within a moment.
    func reconcileSoon(milliseconds: UInt64 = 1_000) {
        guard !isStopping else { return }
        guard !reconciliation.isUnderWay else {
            reconciliation.isWantedAgain = true
            return
        }
        reconciliation.cancel()
        reconciliation.alarm = scheduler.after(milliseconds) { [self] in reconcile() }
    }

    /// Takes what the engine tells of a container as a hint to look at it.
    package func onEngineEvent(_ event: EngineEvent) {
        guard !isStopping, event.labels[OrchestratorConfiguration.originLabel] == configuration.origin,
            let handle = event.labels[OrchestratorConfiguration.handleLabel].flatMap({ ContainerHandle($0) })
        else { return }
        guard let record = record(of: handle), record.container.containerID == event.id else {
            // Of an operation under way, or of one that nobody here has made.
            if event.action == .start, !isTaken(handle) { reconcileSoon() }
            return
        }
        switch event.action {
        case .oom:
            oomRecorded.insert(event.id)
            append(.oom, record.container, reason: "exit")
        case .die: look(at: handle, reason: "exit", exitCode: event.exitCode)
        case .start, .destroy: look(at: handle, reason: "outside")
        case .health, .other: break
        }
    }

    /// Notes whether the engine answers; says so once, each time that it changes.
    func noteEngine(_ error: EngineError?) {
        guard let error else {
            if reconciliation.isEngineReachable == false {
                log.info("the container engine is back", ["engine": configuration.engineAddress])
            }
            let isNews = reconciliation.isEngineReachable != true
            reconciliation.isEngineReachable = true
            reconciliation.failures = 0
            return isNews ? onReachable() : ()
        }
        guard error.isOfEngine else { return }
        reconciliation.failures += 1
        if reconciliation.isEngineReachable != false {
            log.warning(
                "the container engine cannot be reached",
                [
                    "engine": configuration.engineAddress,
                    "reason": ContainerRefused(error).problem(engine: configuration.engineAddress).detail,
                ])
        }
        reconciliation.isEngineReachable = false
    }

    /// Looks at one container, and makes the ledger and the engine agree.
    func look(
        at handle: ContainerHandle, reason: String, id: String? = nil, exitCode: Int64? = nil,
        then: @escaping () -> Void = {}
    ) {
        guard !isTaken(handle) else {
            hint(handle)
            return then()
        }
        enter(handle, refuse: { _ in then() }) { [self] leave in
            let done = {
                leave()
                then()
            }
            guard let target = id ?? record(of: handle)?.container.containerID else { return done() }
            engine.inspect(target) { [self] result in
                switch result {
                case .success(let found): align(handle, target, found, reason, exitCode, done)
                case .failure(.notFound): align(handle, target, nil, reason, exitCode, done)
                case .failure(let error):
                    noteEngine(error)
                    done()
                }
            }
        }
    }

    private func align(
        _ handle: ContainerHandle, _ target: String, _ found: EngineContainer?, _ reason: String,
        _ exitCode: Int64?, _ done: @escaping () -> Void
    ) {
        let known = record(of: handle)
        let record = known?.container.containerID == target ? known : nil
        let finish = { (_: Result<Void, ContainerRefused>) in done() }
        switch ContainerAlignment.of(record, found, isLeftover: leftovers.contains(handle)) {
        case .agreed: done()
        case .wait:
            reconciliation.isWantedAgain = true
            done()
        case .remove: removeOrphan(handle, target, done)
        case .adopt(let isRunning):
            guard known == nil, let found else { return done() }
            adopt(handle, found, isRunning: isRunning, done)
        case .destroyed:
            guard let record else { return done() }
            let told = reason == "exit" ? "outside" : reason
            append(.destroyed, record.container, reason: told, then: finish)
        case .started:
            guard let record else { return done() }
            append(.started, record.container, reason: reason == "exit" ? "outside" : reason, then: finish)
        case .stopped:
            guard let record else { return done() }
            if found?.isOOMKilled == true, oomRecorded.insert(target).inserted {
                append(.oom, record.container, reason: reason)
            }
            let told = reason == "outside" ? "exit" : reason
            append(
                .stopped, record.container, reason: told, exitCode: found?.exitCode ?? exitCode, then: finish)
        }
    }

    private func removeOrphan(_ handle: ContainerHandle, _ id: String, _ done: @escaping () -> Void) {
        engine.remove(id) { [self] result in
            if case .success = result {
                leftovers.remove(handle)
                log.warning("a container of a provision that failed was removed", ["handle": handle.text])
            }
            done()
        }
    }

    private func adopt(
        _ handle: ContainerHandle, _ found: EngineContainer, isRunning: Bool, _ done: @escaping () -> Void
    ) {
        guard let user = UserID(handle.text) else { return done() }
        let identity = ContainerIdentity(
            handle: handle, user: user, containerID: found.id, image: found.image)
        log.info("a container that the ledger did not know is adopted", ["handle": handle.text])
        append(.provisioned, identity, reason: "reconcile") { [self] result in
            guard case .success = result, !isRunning else { return done() }
            append(.stopped, identity, reason: "reconcile", exitCode: found.exitCode) { _ in done() }
        }
    }

    private func nextLook() {
        guard !isStopping, !reconciliation.looks.isEmpty else {
            let isAgain = reconciliation.isWantedAgain
            return endReconciliation(pauseMilliseconds: isAgain ? 1_000 : configuration.reconcileMilliseconds)
        }
        let (handle, id) = reconciliation.looks.removeFirst()
        look(at: handle, reason: "reconcile", id: id) { [self] in nextLook() }
    }

    private func endReconciliation(pauseMilliseconds: UInt64) {
        reconciliation.isUnderWay = false
        reconciliation.isWantedAgain = false
        guard !isStopping else { return }
        reconciliation.alarm = scheduler.after(pauseMilliseconds) { [self] in reconcile() }
    }

    private func complain(_ strays: [EngineContainer]) {
        for stray in strays.prefix(100) where reconciliation.complained.count < 1_000 {
            guard reconciliation.complained.insert(stray.id).inserted else { continue }
            log.warning(
                "a container has this ledger's label and a handle that is taken or none: it is left alone",
                ["container": stray.name])
        }
    }
}
