package import Access

/// How the Platform is set up.
package struct PlatformConfiguration: Sendable {
    /// How containers are made.
    package var containers: OrchestratorConfiguration
    /// Who may use it.
    package var access: KeyAccess
    /// The pause between two samples of what containers use.
    package var statsIntervalMilliseconds: UInt64 = 15_000
    /// A path on the file system whose space is watched.
    package var diskPath = "/"

    /// Creates a configuration.
    package init(containers: OrchestratorConfiguration, access: KeyAccess) {
        self.containers = containers
        self.access = access
    }
}
