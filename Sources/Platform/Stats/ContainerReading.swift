package import LedgerCore

/// What was last measured of one running container.
package struct ContainerReading: Hashable, Sendable {
    /// The container.
    package var handle: ContainerHandle
    /// Whose it is.
    package var user: UserID
    /// Processor time used since the sample before, in percent of one core; nil until there are two samples.
    package var cpuPercent: Double?
    /// Memory in use, without the file cache that can be taken back at once.
    package var memoryBytes: Int64
    /// Its limit; the machine's memory where it has none.
    package var memoryLimitBytes: Int64
    /// Bytes received since it started; nil: it has no network.
    package var receivedBytes: Int64?
    /// Bytes sent since it started.
    package var transmittedBytes: Int64?
    /// What its own health check says.
    package var health: EngineContainer.Health
    /// When it was measured.
    package var at: Timestamp

    /// Whether it runs and no check of its own says otherwise.
    package var isHealthy: Bool { health == .none || health == .healthy }

    /// Creates a reading.
    package init(
        handle: ContainerHandle, user: UserID, cpuPercent: Double? = nil, memoryBytes: Int64,
        memoryLimitBytes: Int64, receivedBytes: Int64? = nil, transmittedBytes: Int64? = nil,
        health: EngineContainer.Health = .none, at: Timestamp
    ) {
        self.handle = handle
        self.user = user
        self.cpuPercent = cpuPercent
        self.memoryBytes = memoryBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.receivedBytes = receivedBytes
        self.transmittedBytes = transmittedBytes
        self.health = health
        self.at = at
    }
}

/// A container that is to be watched.
package struct WatchedContainer: Hashable, Sendable {
    /// The container.
    package var handle: ContainerHandle
    /// Whose it is.
    package var user: UserID
    /// The engine's identifier.
    package var id: String

    /// Creates one.
    package init(handle: ContainerHandle, user: UserID, id: String) {
        self.handle = handle
        self.user = user
        self.id = id
    }
}

/// What a container used from one sample to the next.
package struct ContainerUsage: Hashable, Sendable {
    /// The container.
    package var handle: ContainerHandle
    /// Whose it is.
    package var user: UserID
    /// Processor time, in milliseconds of one core.
    package var cpuMilliseconds: Int64
    /// Memory over time, in mebibytes times seconds.
    package var memoryMebibyteSeconds: Int64

    /// Creates one.
    package init(
        handle: ContainerHandle, user: UserID, cpuMilliseconds: Int64, memoryMebibyteSeconds: Int64
    ) {
        self.handle = handle
        self.user = user
        self.cpuMilliseconds = cpuMilliseconds
        self.memoryMebibyteSeconds = memoryMebibyteSeconds
    }
}
