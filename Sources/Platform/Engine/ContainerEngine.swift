/// What runs containers.
///
/// Loop thread only; every `then` is called exactly once, later from the loop. Each call has a time limit of
/// its own.
package protocol ContainerEngine: AnyObject {
    /// Creates a container; its identifier.
    func create(_ spec: ContainerSpec, then: @escaping (Result<String, EngineError>) -> Void)
    /// Starts it; one that runs already is no error.
    func start(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void)
    /// Stops it, by force after `graceSeconds`; one that is stopped already is no error.
    func stop(_ id: String, graceSeconds: Int, then: @escaping (Result<Void, EngineError>) -> Void)
    /// Removes it, by force; one that is gone already is no error.
    func remove(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void)
    /// Looks at one, by identifier or name.
    func inspect(_ id: String, then: @escaping (Result<EngineContainer, EngineError>) -> Void)
    /// Every container with the label, stopped ones too.
    func list(label: String, then: @escaping (Result<[EngineContainer], EngineError>) -> Void)
    /// One sample of what it uses.
    func stats(_ id: String, then: @escaping (Result<StatsSample, EngineError>) -> Void)
    /// Listens for what happens to containers with the label, until it breaks off.
    func events(
        label: String, onEvent: @escaping (EngineEvent) -> Void,
        onEnd: @escaping (EngineError?) -> Void
    ) -> any EngineSubscription
}

/// A stream of engine events.
package protocol EngineSubscription: AnyObject {
    /// Ends it; `onEnd` is not called any more.
    func cancel()
}

/// A container to be made.
package struct ContainerSpec: Hashable, Sendable {
    /// Its name.
    package var name: String
    /// The image.
    package var image: String
    /// What it runs; nil: what the image says.
    package var command: [String]?
    /// Its environment.
    package var environment: [String: String]
    /// Its labels.
    package var labels: [String: String]
    /// Its network; nil: the engine's own choice.
    package var network: String?
    /// Memory at most.
    package var memoryLimitBytes: Int64?
    /// Processor time at most, in thousandths of a core.
    package var cpuLimitMillicores: Int64?
    /// Processes at most.
    package var pidsMax: Int64?

    /// Creates a specification.
    package init(
        name: String, image: String, command: [String]? = nil, environment: [String: String] = [:],
        labels: [String: String] = [:], network: String? = nil, memoryLimitBytes: Int64? = nil,
        cpuLimitMillicores: Int64? = nil, pidsMax: Int64? = nil
    ) {
        self.name = name
        self.image = image
        self.command = command
        self.environment = environment
        self.labels = labels
        self.network = network
        self.memoryLimitBytes = memoryLimitBytes
        self.cpuLimitMillicores = cpuLimitMillicores
        self.pidsMax = pidsMax
    }
}

/// A container as the engine has it.
package struct EngineContainer: Hashable, Sendable {
    /// Its identifier.
    package var id: String
    /// Its name, without the slash.
    package var name: String
    /// The image.
    package var image: String
    /// Its labels.
    package var labels: [String: String]
    /// What it does.
    package var state: State
    /// What its own health check says.
    package var health: Health
    /// The status that it exited with; nil while it runs, or where a list does not tell.
    package var exitCode: Int64?
    /// Whether it was ended for want of memory.
    package var isOOMKilled: Bool

    /// What a container does.
    package enum State: String, CaseIterable, Sendable {
        case created, running, paused, restarting, removing, exited, dead, unknown
    }

    /// What a health check says.
    package enum Health: String, CaseIterable, Sendable {
        /// There is none.
        case none
        case starting, healthy, unhealthy
    }

    /// Creates a container.
    package init(
        id: String, name: String, image: String, labels: [String: String] = [:], state: State,
        health: Health = .none, exitCode: Int64? = nil, isOOMKilled: Bool = false
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.labels = labels
        self.state = state
        self.health = health
        self.exitCode = exitCode
        self.isOOMKilled = isOOMKilled
    }
}

/// What a container has used up to a moment.
package struct StatsSample: Hashable, Sendable {
    /// No machine has more processors.
    static let onlineCPUsMax = 65_536

    /// Processor time of all its processes since it started, in nanoseconds.
    package var cpuNanoseconds: UInt64
    /// Processor time of the whole machine, in nanoseconds; nil where the engine does not tell it rightly.
    package var systemNanoseconds: UInt64?
    /// How many processors there are; nil where the engine does not tell.
    package var onlineCPUs: Int?
    /// Memory in use, file cache included.
    package var memoryUsageBytes: Int64
    /// The part of it that the kernel can take back at once.
    package var memoryInactiveFileBytes: Int64
    /// Its limit; the machine's memory where it has none.
    package var memoryLimitBytes: Int64
    /// Bytes received over all its networks; nil: it has none.
    package var receivedBytes: Int64?
    /// Bytes sent over all its networks.
    package var transmittedBytes: Int64?

    /// Creates a sample.
    package init(
        cpuNanoseconds: UInt64, systemNanoseconds: UInt64?, onlineCPUs: Int?, memoryUsageBytes: Int64,
        memoryInactiveFileBytes: Int64, memoryLimitBytes: Int64, receivedBytes: Int64? = nil,
        transmittedBytes: Int64? = nil
    ) {
        self.cpuNanoseconds = cpuNanoseconds
        self.systemNanoseconds = systemNanoseconds
        self.onlineCPUs = onlineCPUs
        self.memoryUsageBytes = memoryUsageBytes
        self.memoryInactiveFileBytes = memoryInactiveFileBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.receivedBytes = receivedBytes
        self.transmittedBytes = transmittedBytes
    }
}

/// Something that the engine tells of a container.
package struct EngineEvent: Hashable, Sendable {
    /// The container.
    package var id: String
    /// What happened.
    package var action: Action
    /// The status that it exited with, when it did.
    package var exitCode: Int64?
    /// Its labels.
    package var labels: [String: String]

    /// What can happen.
    package enum Action: String, CaseIterable, Sendable {
        case start, die, oom, destroy, health, other
    }

    /// Creates an event.
    package init(id: String, action: Action, exitCode: Int64? = nil, labels: [String: String] = [:]) {
        self.id = id
        self.action = action
        self.exitCode = exitCode
        self.labels = labels
    }
}

/// Why the engine did not do what was asked.
package enum EngineError: Error, Hashable, Sendable {
    /// It cannot be reached, or broke off; the text says how.
    case unreachable(String)
    /// It did not answer in time.
    case timedOut
    /// There is no such container, or no such image.
    case notFound(String)
    /// Something of that name is there already.
    case conflict(String)
    /// It refused or failed; its status and words.
    case refused(status: Int, message: String)
    /// Its answer is not what its API says.
    case malformed(String)
    /// The container has stopped meanwhile.
    case notRunning
}
