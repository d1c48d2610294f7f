package import HTTP
package import Service

/// The Gateway: where agents are talked to.
///
/// Loop thread only.
package struct GatewayService {
    private let shell: ServiceShell

    /// Creates the service with the routes that every service has.
    package init(shell: ServiceShell) { self.shell = shell }

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }
}
