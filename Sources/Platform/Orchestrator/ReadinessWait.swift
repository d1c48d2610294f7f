/// Waits until a container that was just started is up.
///
/// With a health check: until it says healthy. Without: until it has run for a moment.
final class ReadinessWait {
    private let orchestrator: Orchestrator
    private let id: String
    private let startedMilliseconds: UInt64
    private let then: (Result<EngineContainer, ContainerRefused>) -> Void

    private static let pollMilliseconds: UInt64 = 250

    init(
        _ orchestrator: Orchestrator, id: String,
        then: @escaping (Result<EngineContainer, ContainerRefused>) -> Void
    ) {
        self.orchestrator = orchestrator
        self.id = id
        self.then = then
        startedMilliseconds = orchestrator.scheduler.nowMilliseconds()
    }

    func look() {
        guard !orchestrator.isStopping else { return then(.failure(.stopping)) }
        orchestrator.engine.inspect(id) { [self] result in
            switch result {
            case .success(let found): judge(found)
            case .failure(.notFound): then(.failure(.vanished))
            case .failure(let error): then(.failure(ContainerRefused(error)))
            }
        }
    }

    private func judge(_ found: EngineContainer) {
        guard found.isUp else {
            return then(.failure(.exited(code: found.exitCode, isOOMKilled: found.isOOMKilled)))
        }
        let elapsed = orchestrator.scheduler.nowMilliseconds() - startedMilliseconds
        let configuration = orchestrator.configuration
        switch found.health {
        case .healthy: then(.success(found))
        case .unhealthy: then(.failure(.unhealthy))
        case .none where found.state == .running:
            guard elapsed < configuration.settleMilliseconds else { return then(.success(found)) }
            again(after: configuration.settleMilliseconds - elapsed)
        case .none, .starting:
            guard elapsed < configuration.healthMilliseconds else {
                return then(.failure(.notHealthyInTime))
            }
            again(after: Self.pollMilliseconds)
        }
    }

    private func again(after milliseconds: UInt64) {
        _ = orchestrator.scheduler.after(milliseconds) { [self] in look() }
    }
}
