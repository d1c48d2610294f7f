import LedgerCore
import Logging

/// One provisioning: find, or create, start, wait until it is up, record; and take back what failed.
final class Provision {
    typealias Outcome = Result<(record: ContainerRecord, isNew: Bool), ContainerRefused>

    private let orchestrator: Orchestrator
    private let handle: ContainerHandle
    private let then: (Outcome) -> Void
    private let beganMilliseconds: UInt64
    /// What it made, and takes back when it fails.
    private var madeID: String?
    private var createsLeft = 2

    private var engine: any ContainerEngine { orchestrator.engine }
    private var configuration: OrchestratorConfiguration { orchestrator.configuration }

    init(_ orchestrator: Orchestrator, _ handle: ContainerHandle, then: @escaping (Outcome) -> Void) {
        self.orchestrator = orchestrator
        self.handle = handle
        self.then = then
        beganMilliseconds = orchestrator.scheduler.nowMilliseconds()
    }

    func begin() {
        guard let record = orchestrator.record(of: handle) else { return create() }
        engine.inspect(record.container.containerID) { [self] result in
            switch result {
            case .success(let found) where found.isUp: runsAlready(record)
            case .success:
                orchestrator.startAgain(record) { [self] in then($0.map { ($0, false) }) }
            case .failure(.notFound):
                orchestrator.append(.destroyed, record.container, reason: "reconcile") { [self] result in
                    if case .failure(let refused) = result { return then(.failure(refused)) }
                    create()
                }
            case .failure(let error):
                orchestrator.noteEngine(error)
                then(.failure(ContainerRefused(error)))
            }
        }
    }

    private func runsAlready(_ record: ContainerRecord) {
        guard !record.isRunning else { return then(.success((record, false))) }
        let running = ContainerRecord(container: record.container, isRunning: true)
        orchestrator.append(.started, record.container, reason: "reconcile") { [self] result in
            then(result.map { (running, false) })
        }
    }

    private func create() {
        guard let image = configuration.image else { return end(.failure(.noImage)) }
        guard createsLeft > 0 else { return end(.failure(.vanished)) }
        createsLeft -= 1
        engine.create(specification(image)) { [self] result in
            switch result {
            case .success(let id):
                madeID = id
                start(id, image)
            case .failure(.conflict): takeOver()
            case .failure(.notFound): end(.failure(.imageMissing(image)))
            case .failure(let error):
                orchestrator.noteEngine(error)
                // It may have been made all the same, when only the answer did not come.
                if error.isOfEngine { orchestrator.leftovers.insert(handle) }
                end(.failure(ContainerRefused(error)))
            }
        }
    }

    private func specification(_ image: String) -> ContainerSpec {
        ContainerSpec(
            name: configuration.name(of: handle), image: image, command: configuration.command,
            environment: orchestrator.environment(of: handle),
            labels: [
                OrchestratorConfiguration.handleLabel: handle.text,
                OrchestratorConfiguration.originLabel: configuration.origin,
            ],
            network: configuration.network, memoryLimitBytes: configuration.memoryLimitBytes,
            cpuLimitMillicores: configuration.cpuLimitMillicores, pidsMax: configuration.pidsMax)
    }

    /// The name is there already: ours from a provision that was killed, or somebody else's.
    private func takeOver() {
        let name = configuration.name(of: handle)
        engine.inspect(name) { [self] result in
            switch result {
            case .success(let found) where found.belongs(to: handle, origin: configuration.origin):
                let isLeftover = orchestrator.leftovers.contains(handle)
                switch ContainerAlignment.of(nil, found, isLeftover: isLeftover) {
                case .remove:
                    engine.remove(found.id) { [self] result in
                        if case .failure(let error) = result {
                            return end(.failure(ContainerRefused(error)))
                        }
                        orchestrator.leftovers.remove(handle)
                        create()
                    }
                case .adopt(isRunning: false): start(found.id, found.image)
                default: waitUntilUp(found.id, found.image)
                }
            case .success: end(.failure(.nameTaken(name)))
            case .failure(.notFound): create()
            case .failure(let error): end(.failure(ContainerRefused(error)))
            }
        }
    }

    private func start(_ id: String, _ image: String) {
        engine.start(id) { [self] result in
            if case .failure(let error) = result {
                orchestrator.noteEngine(error)
                return end(.failure(ContainerRefused(error)))
            }
            waitUntilUp(id, image)
        }
    }

    private func waitUntilUp(_ id: String, _ image: String) {
        ReadinessWait(orchestrator, id: id) { [self] result in
            switch result {
            case .success: record(id, image)
            case .failure(let refused): end(.failure(refused))
            }
        }.look()
    }

    private func record(_ id: String, _ image: String) {
        guard let user = UserID(handle.text) else { return end(.failure(.unknown)) }
        let identity = ContainerIdentity(handle: handle, user: user, containerID: id, image: image)
        let tookMilliseconds = Int64(clamping: orchestrator.scheduler.nowMilliseconds() - beganMilliseconds)
        orchestrator.append(
            .provisioned, identity, reason: "request", durationMilliseconds: tookMilliseconds
        ) { [self] result in
            orchestrator.leftovers.remove(handle)
            end(result.map { (ContainerRecord(container: identity, isRunning: true), true) })
        }
    }

    /// Counts it and answers; what a failed one made is removed first.
    private func end(_ outcome: Outcome) {
        switch outcome {
        case .success:
            let took = orchestrator.scheduler.nowMilliseconds() - beganMilliseconds
            orchestrator.metrics.provisioned(milliseconds: took)
            then(outcome)
        case .failure(let refused):
            orchestrator.metrics.provisionFailed()
            orchestrator.log.warning(
                "a container could not be provisioned", ["handle": handle.text, "error": "\(refused)"])
            if orchestrator.leftovers.contains(handle) { orchestrator.reconcileSoon() }
            guard let madeID else { return then(outcome) }
            engine.remove(madeID) { [self] result in
                if case .failure = result {
                    orchestrator.leftovers.insert(handle)
                    orchestrator.reconcileSoon()
                }
                then(outcome)
            }
        }
    }
}
