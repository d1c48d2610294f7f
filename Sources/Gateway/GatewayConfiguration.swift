/// How the gateway is set up.
package struct GatewayConfiguration: Sendable {
    /// How runs are let in and watched.
    package var dispatch: DispatcherConfiguration
    /// The administrator's token.
    package var adminToken: String

    /// Creates a configuration.
    package init(dispatch: DispatcherConfiguration, adminToken: String) {
        self.dispatch = dispatch
        self.adminToken = adminToken
    }
}
