package import LedgerRuntime

/// Where the dashboard's figures come from beside the ledger.
///
/// Loop thread only.
package struct DashboardSource {
    /// Every container, in any order.
    package var containers: () -> [DashboardContainer] = { [] }
    /// Whether the engine answers; nil: none is configured.
    package var engineConnected: () -> Bool? = { nil }
    /// How the database does; nil: none is configured.
    package var postgres: () -> PostgresReading? = { nil }
    /// The program's version.
    package var version = ""
    /// Where Grafana is.
    package var grafanaURL = "http://localhost:3200"

    /// Creates a source of nothing.
    package init() {}
}

/// What is known of one container now; nil: not known.
package struct DashboardContainer: Hashable, Sendable {
    /// Its name.
    package var handle: String
    /// Whose it is.
    package var user: String
    /// What it does (`running`, `exited`, …).
    package var status: String
    /// What its health check says (`healthy`, `unhealthy`, `starting`, `none`).
    package var health: String
    /// Processor time, in hundredths of a per cent of one core.
    package var cpuBasisPoints: Int64?
    /// Memory in use.
    package var memoryBytes: Int64?
    /// Its limit.
    package var memoryLimitBytes: Int64?
    /// Bytes received since it started.
    package var networkReceiveBytes: Int64?
    /// Bytes sent since it started.
    package var networkTransmitBytes: Int64?
    /// How often the kernel ended one of its processes for want of memory.
    package var ooms: Int64 = 0

    /// Creates a reading.
    package init(handle: String, user: String, status: String, health: String = "none") {
        self.handle = handle
        self.user = user
        self.status = status
        self.health = health
    }
}
