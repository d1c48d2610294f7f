package import LedgerRuntime

/// How the gateway is set up.
package struct GatewayConfiguration: Sendable {
    /// How runs are let in and watched.
    package var dispatch: DispatcherConfiguration
    /// The administrator's token.
    package var adminToken: String
    /// What whoever sends alerts has to know; nil: alerts are refused.
    package var alertSecret: String?
    /// The program's version.
    package var version = ""
    /// The services of this process.
    package var services: [String] = ["gateway"]
    /// How the database does; nil: none is configured.
    package var postgres: @Sendable () -> PostgresReading? = { nil }

    /// Creates a configuration.
    package init(dispatch: DispatcherConfiguration, adminToken: String) {
        self.dispatch = dispatch
        self.adminToken = adminToken
    }
}
