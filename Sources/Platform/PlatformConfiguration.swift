/// How the Platform is set up.
package struct PlatformConfiguration: Sendable {
    /// How containers are made.
    package var containers: OrchestratorConfiguration
    /// The administrator's token.
    package var adminToken: String
    /// The pause between two samples of what containers use.
    package var statsIntervalMilliseconds: UInt64 = 15_000
    /// A path on the file system whose space is watched.
    package var diskPath = "/"
    /// Where Grafana is, for people.
    package var grafanaURL = "http://localhost:3200"

    /// Creates a configuration.
    package init(containers: OrchestratorConfiguration, adminToken: String) {
        self.containers = containers
        self.adminToken = adminToken
    }
}
