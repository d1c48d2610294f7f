package import EventLoop
package import HTTP
package import LedgerRuntime
package import Logging
package import Metrics
package import Service
import Threads

/// The Platform: where containers are provisioned and watched.
///
/// Loop thread only, once the loop runs.
package final class PlatformService {
    /// What provisions containers.
    package let orchestrator: Orchestrator
    private let shell: ServiceShell
    private let watch: EngineWatch

    /// Creates the service on `loop`, whose containers `engine` runs.
    package init(
        loop: EventLoop, ledger: Ledger, engine: any ContainerEngine, configuration: PlatformConfiguration,
        shell: ServiceShell, set: MetricSet, log: Logger
    ) {
        self.shell = shell
        let metrics = PlatformMetrics(set)
        let scheduler = Scheduler(loop)
        let orchestrator = Orchestrator(
            engine: engine, journal: ContainerJournal(ledger, loop: loop), scheduler: scheduler,
            configuration: configuration.containers, metrics: metrics, log: log)
        self.orchestrator = orchestrator
        watch = EngineWatch(
            engine, label: configuration.containers.labelFilter, scheduler: scheduler,
            onEvent: { event in orchestrator.onEngineEvent(event) },
            onBreak: { orchestrator.reconcileSoon() })
        metrics.count(set, of: orchestrator)
        ContainerRoutes(orchestrator, adminToken: configuration.adminToken).register(on: shell)
    }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }

    /// Begins to compare with the engine, and to listen to it.
    package func start() {
        watch.start()
        orchestrator.start()
    }

    /// Ends what is under way; `then` when nothing is any more.
    package func stop(then: @escaping () -> Void) {
        watch.stop()
        orchestrator.stop(then: then)
    }
}
