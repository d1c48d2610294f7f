package import EventLoop
package import HTTP
import LedgerCore
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
    /// What measures them.
    package let collector: StatsCollector
    private let shell: ServiceShell
    private let bill: ComputeBill
    private let loop: EventLoop
    private var billing: LoopTimer?

    private static let billingMilliseconds: UInt64 = 60_000

    /// Creates the service on `loop`, whose containers `engine` runs.
    package init(
        loop: EventLoop, ledger: Ledger, engine: any ContainerEngine, configuration: PlatformConfiguration,
        shell: ServiceShell, set: MetricSet, log: Logger
    ) {
        self.shell = shell
        self.loop = loop
        let metrics = PlatformMetrics(set)
        let orchestrator = Orchestrator(
            engine: engine, journal: ContainerJournal(ledger, loop: loop), scheduler: Scheduler(loop),
            configuration: configuration.containers, metrics: metrics, log: log)
        self.orchestrator = orchestrator
        metrics.count(set, of: orchestrator)
        bill = ComputeBill(
            origin: configuration.containers.origin, prices: ledger.prices,
            now: ledger.configuration.now, submit: Self.submit(to: ledger, loop))
        collector = StatsCollector(
            engine: engine, on: loop,
            StatsCollector.Configuration(
                label: configuration.containers.labelFilter,
                intervalMilliseconds: configuration.statsIntervalMilliseconds,
                nowMicroseconds: { ledger.configuration.now().microseconds },
                monotonicNanoseconds: {
                    Int64(clamping: ledger.configuration.monotonicNanoseconds())
                }), log: log, watched: { orchestrator.watched })
        collector.onEvent = { orchestrator.onEngineEvent($0) }
        collector.onList = { orchestrator.onList($0) }
        collector.onInterval = { [bill] in for usage in $0 { bill.add(usage) } }
        ContainerMetrics.add(to: set, readings: collector.published, diskPath: configuration.diskPath)
        ContainerRoutes(orchestrator, access: configuration.access).register(on: shell)
    }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }

    /// Begins to compare with the engine, to listen to it and to measure.
    package func start() {
        // Measuring begins once there is an engine: one that is missing is said once, not thrice.
        orchestrator.onReachable = { [collector] in collector.start() }
        orchestrator.start()
        billing = LoopTimer(
            on: loop, after: Self.billingMilliseconds, repeating: Self.billingMilliseconds
        ) { [bill] in bill.roll() }
    }

    /// Ends what is under way, and records what was used; `then` when nothing is left to do.
    package func stop(then: @escaping () -> Void) {
        billing?.cancel()
        collector.stop()
        orchestrator.stop { [bill] in bill.finish(then: then) }
    }

    /// Tells the dashboard of the containers and of their engine.
    package func complete(_ source: inout DashboardSource) {
        source.engineConnected = { [orchestrator] in orchestrator.isEngineReachable }
        source.containers = { [orchestrator, collector] in
            let measured = collector.published.current.readings
            return orchestrator.containers.map { DashboardContainer($0, measured[$0.container.handle]) }
        }
    }

    private static func submit(to ledger: Ledger, _ loop: EventLoop) -> ComputeBill.Submit {
        { report, then in
            let then = Confined(then)
            ledger.submit(.reportUsage(report)) { result in
                let submission: ComputeBill.Submission =
                    switch result {
                    case .success: .recorded
                    case .failure(.rejected): .refused
                    case .failure: .unavailable
                    }
                loop.post { then.value(submission) }
            }
        }
    }
}

extension Orchestrator {
    /// What should be running, for the collector.
    fileprivate var watched: [WatchedContainer] {
        containers.filter(\.isRunning).map {
            WatchedContainer(
                handle: $0.container.handle, user: $0.container.user, id: $0.container.containerID)
        }
    }
}
