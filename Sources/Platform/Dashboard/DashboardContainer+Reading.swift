import LedgerCore

extension DashboardContainer {
    /// What the ledger knows of a container, and what was last measured of it.
    init(_ record: ContainerRecord, _ reading: ContainerReading?) {
        self.init(
            handle: record.container.handle.text, user: record.container.user.text,
            status: record.isRunning ? "running" : "stopped", health: reading?.health.rawValue ?? "none")
        ooms = record.ooms
        guard let reading else { return }
        cpuBasisPoints = reading.cpuPercent.flatMap { Int64(exactly: ($0 * 100).rounded()) }
        memoryBytes = reading.memoryBytes
        memoryLimitBytes = reading.memoryLimitBytes
        networkReceiveBytes = reading.receivedBytes
        networkTransmitBytes = reading.transmittedBytes
    }
}
