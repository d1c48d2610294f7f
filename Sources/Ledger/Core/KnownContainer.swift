/// A container that is there: provisioned and not destroyed.
package struct KnownContainer: Hashable, Sendable {
    /// The container.
    package let container: ContainerIdentity
    /// Whether it runs, as far as is recorded.
    package internal(set) var isRunning: Bool
    /// How often one of its processes was ended for want of memory.
    package internal(set) var ooms: Int64
    /// When it was last provisioned, started or stopped.
    package internal(set) var changedAt: Timestamp
}

/// Containers.
extension LedgerState {
    /// No container is provisioned beyond this many.
    package static let containersMax = 10_000

    /// The event that `change` is; nil: it says nothing new.
    ///
    /// The event names the container as it was provisioned: whose it is does not change.
    func judge(_ change: ContainerChanged) throws(Rejection) -> Event? {
        guard change.isPlausible else { throw .negative }
        let handle = change.container.handle
        let known = containers[handle]
        if change.change == .provisioned {
            guard let known else {
                guard containers.count < Self.containersMax else { throw .tooMany }
                return .containerChanged(change)
            }
            return known.container.containerID == change.container.containerID
                ? nil : .containerChanged(change)
        }
        guard let known else {
            if change.change == .destroyed { return nil }
            throw .noContainer(handle)
        }
        guard known.container.containerID == change.container.containerID
        else { throw .noContainer(handle) }
        switch change.change {
        case .started where known.isRunning, .stopped where !known.isRunning: return nil
        case .provisioned, .started, .stopped, .destroyed, .oom:
            return .containerChanged(change.naming(known.container))
        }
    }

    mutating func keep(_ event: ContainerChanged, at time: Timestamp) {
        let handle = event.container.handle
        switch event.change {
        case .provisioned:
            containers[handle] = KnownContainer(
                container: event.container, isRunning: true, ooms: 0, changedAt: time)
        case .started, .stopped:
            containers[handle]?.isRunning = event.change == .started
            containers[handle]?.changedAt = time
        case .oom: containers[handle]?.ooms &+= 1
        case .destroyed: containers[handle] = nil
        }
    }
}

extension ContainerChanged {
    /// Whether its texts are names and no figure is negative.
    fileprivate var isPlausible: Bool {
        guard [container.containerID, container.image, reason].allSatisfy(UsageReported.isName)
        else { return false }
        return [exitCode, durationMilliseconds, memoryLimitBytes, cpuLimitMillicores].allSatisfy {
            ($0 ?? 0) >= 0
        }
    }

    fileprivate func naming(_ container: ContainerIdentity) -> ContainerChanged {
        ContainerChanged(
            container: container, change: change, reason: reason, exitCode: exitCode,
            durationMilliseconds: durationMilliseconds, memoryLimitBytes: memoryLimitBytes,
            cpuLimitMillicores: cpuLimitMillicores)
    }
}
