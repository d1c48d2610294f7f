package import EventLoop
package import HTTP
package import LedgerRuntime
package import Logging
package import Metrics
package import Service

/// The Gateway: where people and channels talk to agents, and every run is recorded.
///
/// Loop thread only.
package final class GatewayService {
    /// Where runs are let in.
    package let dispatcher: Dispatcher
    private let shell: ServiceShell

    /// Creates the service on `loop`, whose runs `kernel` does.
    package init(
        loop: EventLoop, ledger: Ledger, kernel: any Kernel, configuration: GatewayConfiguration,
        shell: ServiceShell, set: MetricSet, log: Logger
    ) {
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
    }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }
}
