import Access
package import EventLoop
package import HTTP
import LedgerCore
package import LedgerRuntime
package import Logging
package import Metrics
package import Service
import Threads

/// The Gateway: where people and channels talk to agents, and every run is recorded.
///
/// Loop thread only.
package final class GatewayService {
    /// Where runs are let in.
    package let dispatcher: Dispatcher
    private let shell: ServiceShell
    private let logs: LogRoutes
    private let shells: ShellHub

    /// Creates the service on `loop`, whose runs `kernel` does.
    package init(
        loop: EventLoop, ledger: Ledger, kernel: any Kernel, configuration: GatewayConfiguration,
        shell: ServiceShell, set: MetricSet, log: Logger
    ) throws(LedgerError) {
        self.shell = shell
        let metrics = GatewayMetrics(set, ledger: ledger)
        dispatcher = Dispatcher(
            loop: loop, ledger: ledger, kernel: kernel, configuration: configuration.dispatch,
            metrics: metrics, log: log)
        let access = GatewayAccess(
            KeyAccess(keySecret: configuration.dispatch.keySecret, adminToken: configuration.adminToken))
        MessageRoutes(desk: dispatcher, access: access).register(on: shell)
        DispatchRoutes(dispatcher: dispatcher, access: access).register(on: shell)
        SessionRoutes(access: access).register(on: shell)
        shells = ShellHub(
            loop: loop, desk: dispatcher, source: ShellSource(ledger),
            onCount: { metrics.webSockets.unlabelled.set(.integer(Int64($0))) },
            onSlowReader: { metrics.slowReaders.unlabelled.increment() })
        shell.router.on("GET", "/ws") { [shells] exchange, _ in
            switch access.caller(of: exchange) {
            case .user(let user): shells.open(exchange, for: user)
            case .admin: Self.noUser.response(on: exchange)
            case nil: break
            }
        }
        ShellPage().register(on: shell)
        AlertRoutes(
            loop: loop, secret: configuration.alertSecret, now: ledger.configuration.now,
            append: { alert, reply in
                ledger.submit(.receiveAlert(alert)) { reply($0.map { !$0.events.isEmpty }) }
            },
            onRecorded: { [shells] alerts in for alert in alerts { shells.show(alert) } }
        ).register(on: shell)
        do throws(ThreadError) {
            logs = try LogRoutes(ledger: ledger, loop: loop, access: access, log: log)
        } catch { throw .thread }
        logs.register(on: shell)
        let startedAt = ledger.configuration.now()
        SystemRoutes(access: access) { [dispatcher, shells] in
            SystemStatus(
                configuration, ledger: ledger, dispatcher: dispatcher, startedAt: startedAt,
                webSocketConnections: shells.count)
        }.register(on: shell)
    }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }

    /// Ends the gateway's own thread, once no request is under way; blocks, not from the loop's thread.
    package func close() { logs.close() }

    private static let noUser = Problem(
        status: 403, type: "/problems/user", title: "A shell is a user's",
        detail: "Open it with a user's sk-proxy- key; the administrator's token is nobody's.")
}
