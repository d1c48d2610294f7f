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
            keySecret: configuration.dispatch.keySecret, adminToken: configuration.adminToken)
        MessageRoutes(desk: dispatcher, ledger: ledger, access: access).register(on: shell)
        DispatchRoutes(dispatcher: dispatcher, access: access).register(on: shell)
        SessionRoutes(keySecret: access.keySecret, adminToken: access.adminToken).register(on: shell)
        AlertRoutes(
            loop: loop, secret: configuration.alertSecret,
            append: { alert, reply in
                ledger.submit(.receiveAlert(alert)) { reply($0.map { !$0.events.isEmpty }) }
            },
            onRecorded: { _ in }
        ).register(on: shell)
        do throws(ThreadError) {
            logs = try LogRoutes(
                ledger: ledger, loop: loop, keySecret: access.keySecret, adminToken: access.adminToken,
                log: log)
        } catch { throw .thread }
        logs.register(on: shell)
        let startedAt = ledger.configuration.now()
        SystemRoutes(keySecret: access.keySecret, adminToken: access.adminToken) { [dispatcher] in
            SystemStatus(
                configuration, ledger: ledger, dispatcher: dispatcher, startedAt: startedAt,
                webSocketConnections: 0)
        }.register(on: shell)
    }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }

    /// Ends the gateway's own thread, once no request is under way; blocks, not from the loop's thread.
    package func close() { logs.close() }
}
