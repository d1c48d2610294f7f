package import LedgerCore

/// What a batch of events leaves of one handle's container, to be laid over what is stored.
package struct StoredContainer: Hashable, Sendable {
    /// The last container that an event of the batch names.
    package private(set) var container: ContainerIdentity
    /// Whether the batch provisioned it: nothing that is stored counts any more.
    package private(set) var isNew: Bool
    /// Its status after the batch (`running`, `stopped`, `destroyed`) and since when; nil: as stored.
    package private(set) var status: Status?
    /// Kills for want of memory in the batch, since it was provisioned.
    package private(set) var ooms: Int64

    /// A status, and since when.
    package struct Status: Hashable, Sendable {
        /// `running`, `stopped` or `destroyed`.
        package let name: String
        /// When it began.
        package let since: Timestamp
    }

    /// Begins with the first event of a batch that changes the handle's container.
    package init(_ event: ContainerChanged, at time: Timestamp) {
        container = event.container
        isNew = false
        ooms = 0
        add(event, at: time)
    }

    /// Lays the next event of the batch over it.
    package mutating func add(_ event: ContainerChanged, at time: Timestamp) {
        container = event.container
        switch event.change {
        case .provisioned:
            isNew = true
            ooms = 0
            status = Status(name: "running", since: time)
        case .started: status = Status(name: "running", since: time)
        case .stopped: status = Status(name: "stopped", since: time)
        case .destroyed: status = Status(name: "destroyed", since: time)
        case .oom: ooms += 1
        }
    }

    /// Lays `recorded` over `containers`, where it changes one.
    package static func add(
        _ recorded: RecordedEvent, to containers: inout [ContainerHandle: StoredContainer]
    ) {
        guard case .containerChanged(let event) = recorded.event else { return }
        let handle = event.container.handle
        if containers[handle]?.add(event, at: recorded.timestamp) == nil {
            containers[handle] = StoredContainer(event, at: recorded.timestamp)
        }
    }
}

/// One row of `containers`, as it is read back.
package struct StoredContainerRow: Hashable, Sendable {
    /// The container.
    package var container: ContainerIdentity
    /// `running`, `stopped` or `destroyed`.
    package var status: String
    /// Kills for want of memory.
    package var ooms: Int64
}
