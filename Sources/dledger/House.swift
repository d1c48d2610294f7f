import EventLoop
import Gateway
import HTTP
import LedgerCore
import LedgerRuntime
import Lifecycle
import Logging
import Metrics
import Platform
import Proxy
import Service
import Terminal
import Threads

/// One process's parts, put together: ledger, ingest, loop and services; started in order, stopped in
/// reverse.
struct House {
    private let settings: Settings
    private let log: Logger
    private let ledger: Ledger
    private let ingest: PostgresIngest?
    private let activity: ActivityLog
    private let rerating: RerateDesk
    private let leases: LeaseDesk?
    private let loop: EventLoop
    private var listeners: [Listener] = []
    private var proxy: ProxyService?
    private var gateway: GatewayService?
    private var platform: PlatformService?
    private var admin: AdminDesk?

    private let runsRecorded = Semaphore()

    private static let shutdownMilliseconds: Int64 = 10_000
    /// How long runs may go on once the process is asked to end.
    private static let runGraceMilliseconds: UInt64 = 1_500

    init(_ settings: Settings, services: Set<ServiceName>, _ environment: Environment) throws(CommandFailure)
    {
        self.settings = settings
        log = try LogSettings.logger(environment)
        let prices = try PriceSource.load(settings.pricesPath)
        do throws(LedgerError) {
            ledger = try Ledger(
                LedgerSource.configuration(settings), prices: prices.book, pricesSource: prices.source,
                log: log.with(service: "ledger"))
        } catch { throw LedgerSource.failure(error) }
        ingest = settings.postgresURL.map { [ledger, log] in
            PostgresIngest(ledger: ledger, url: $0, log: log.with(service: "ingest"))
        }
        activity = ActivityLog(ledger, log: log.with(service: "activity"))
        rerating = RerateDesk(ledger, log: log.with(service: "ledger"))
        leases = try Self.leases(settings, ledger, log: log)
        do throws(EventLoopError) { loop = try EventLoop() } catch {
            throw CommandFailure(ExitCode.unavailable, "no event loop: \(error.reason)")
        }
        try addServices(services, environment)
    }

    /// What leases parts of shared limits; nil: limits are this ledger's own.
    private static func leases(
        _ settings: Settings, _ ledger: Ledger, log: Logger
    ) throws(CommandFailure) -> LeaseDesk? {
        guard settings.sharedBudgets != .off else { return nil }
        let url = try PostgresSource.url(settings, for: "LEDGER_SHARED_BUDGETS")
        return LeaseDesk(ledger, url: url, policy: settings.sharedBudgets, log: log.with(service: "leases"))
    }

    private mutating func addServices(
        _ services: Set<ServiceName>, _ environment: Environment
    ) throws(CommandFailure) {
        let reads = PostgresReads()
        let shared = LedgerMetrics(
            ledger, ingest: ingest, reads: reads, usersMax: settings.metricsUsersMax, build: Build.version)
        let health = LedgerHealth(ledger, ingest: ingest)
        for name in ServiceName.allCases where services.contains(name) {
            let set = MetricSet()
            set.collect { [activity, leases] in
                shared.write(to: &$0)
                activity.write(to: &$0)
                leases?.counts.write(to: &$0)
            }
            let scrape = SharedScrape { set.render($0) }
            let engine = EngineHealth()
            let shell = ServiceShell(
                named: name.rawValue, set: set, scrapeToken: settings.metricsToken,
                scrape: { scrape.text($0, nowNanoseconds: SystemClock.monotonicNanoseconds()) },
                health: { health.report(and: name == .platform ? [engine.part] : []) })
            switch name {
            case .gateway:
                let gateway = try GatewaySource.service(
                    settings, environment, loop: loop, ledger: ledger, shell: shell, set: set, log: log,
                    services: services, ingest: ingest)
                self.gateway = gateway
                add(shell, set, port: settings.gatewayPort, name, gateway.handle)
            case .platform:
                let platform = try PlatformSource.service(
                    settings, environment, loop: loop, ledger: ledger, shell: shell, set: set, log: log)
                self.platform = platform
                engine.isReachable = { [orchestrator = platform.orchestrator] in
                    orchestrator.isEngineReachable
                }
                admin = try AdminSource.desk(
                    settings, environment, loop: loop, ledger: ledger, shell: shell, log: log, ingest: ingest,
                    reads: reads
                ) { platform.complete(&$0) }
                add(shell, set, port: settings.platformPort, name, platform.handle)
            case .proxy:
                let proxy = try ProxySource.service(
                    settings, environment, loop: loop, ledger: ledger, shell: shell, set: set,
                    rerating: rerating, log: log)
                self.proxy = proxy
                add(shell, set, port: settings.proxyPort, name, proxy.handle)
            }
        }
    }

    private mutating func add(
        _ shell: ServiceShell, _ set: MetricSet, port: Int, _ name: ServiceName,
        _ handler: @escaping (HTTPExchange) -> Void
    ) {
        let server = HTTPServer(loop: loop, configuration: HTTPServerConfiguration(), handler: handler)
        ServerMetrics.add(server, of: name.rawValue, to: set)
        listeners.append(Listener(name: name.rawValue, port: port, shell: shell, server: server))
    }

    /// Binds the ports, then starts the threads.
    func start() throws(CommandFailure) {
        for listener in listeners {
            do throws(HTTPServerError) {
                let port = try listener.server.listen(host: settings.bind, port: listener.port)
                log.with(service: listener.name).info(
                    "listening", ["url": "http://\(settings.bind):\(port)", "version": Build.version])
            } catch {
                throw CommandFailure(
                    ExitCode.unavailable,
                    "\(listener.name) cannot listen on \(settings.bind):\(listener.port): \(error)")
            }
        }
        do throws(ThreadError) {
            try ingest?.start()
            // Limits that were set elsewhere meanwhile hold before the first call is looked at.
            try leases?.start()
            try loop.start(named: "ledger-loop")
            try activity.start()
        } catch { throw CommandFailure(ExitCode.unavailable, "the system refuses another thread") }
        rerating.startForUnpriced()
        if let platform {
            let platform = Confined(platform)
            loop.post { platform.value.start() }
        }
    }

    /// Drains the services, settles what is open, and closes the journal.
    func stop(_ signals: Signals) -> Int32 {
        var shutdown = Shutdown(limitMilliseconds: Self.shutdownMilliseconds)
        shutdown.add("journal", limitMilliseconds: 5_000) { [ledger] in ledger.close() }
        if let leases { shutdown.add("leases", limitMilliseconds: 4_000) { leases.stop() } }
        shutdown.add("activity", limitMilliseconds: 2_000) { [activity] in activity.stop() }
        shutdown.add("rerating", limitMilliseconds: 2_000) { [rerating] in rerating.stop() }
        if let ingest { shutdown.add("ingest", limitMilliseconds: 3_000) { ingest.stop() } }
        if let admin {
            let admin = Confined(admin)
            shutdown.add("usage", limitMilliseconds: 3_000) { admin.value.close() }
        }
        addCalls(to: &shutdown)
        let draining = Confined(listeners)
        let streaming = Confined(admin)
        shutdown.add("requests", limitMilliseconds: 6_000) { [loop] in
            let done = Semaphore()
            loop.post {
                streaming.value?.closeStreams()
                for listener in draining.value {
                    listener.shell.isDraining = true
                    listener.server.drain(withinMilliseconds: 5_000) { done.signal() }
                }
            }
            for _ in draining.value { done.wait() }
        }
        addKernels(to: &shutdown)
        addContainers(to: &shutdown)
        return shutdown.run(log: log, clock: .system) { signals.askedToGiveUp() }
    }

    /// The calls that nobody waits for any more are settled, then what the runs were is recorded.
    private func addCalls(to shutdown: inout Shutdown) {
        let services = Confined((gateway: gateway, proxy: proxy))
        if gateway != nil {
            shutdown.add("runs", limitMilliseconds: 2_000) { [runsRecorded] in
                runsRecorded.wait()
                services.value.gateway?.close()
            }
        }
        shutdown.add("calls", limitMilliseconds: 3_000) { [loop] in
            let done = Semaphore()
            loop.post {
                guard let proxy = services.value.proxy else { return done.signal() }
                proxy.endCalls { done.signal() }
            }
            done.wait()
        }
    }

    /// Containers run on; what is under way at the engine ends or is taken back.
    private func addContainers(to shutdown: inout Shutdown) {
        guard let platform else { return }
        let stopping = Confined(platform)
        shutdown.add("containers", limitMilliseconds: 4_000) { [loop] in
            let done = Semaphore()
            loop.post { stopping.value.stop { done.signal() } }
            done.wait()
        }
    }

    /// Kernels end while the Proxy still takes their calls, and clients are still there for the results.
    private func addKernels(to shutdown: inout Shutdown) {
        guard let gateway else { return }
        let dispatcher = Confined(gateway.dispatcher)
        shutdown.add("kernels", limitMilliseconds: 4_000) { [loop, runsRecorded] in
            let ended = Semaphore()
            loop.post {
                dispatcher.value.drain(
                    graceMilliseconds: Self.runGraceMilliseconds, kernelsEnded: { ended.signal() },
                    then: { runsRecorded.signal() })
            }
            ended.wait()
        }
    }
}

/// One service's door.
private struct Listener {
    let name: String
    let port: Int
    let shell: ServiceShell
    let server: HTTPServer
}
