import LedgerCore

/// Where the comparison with the engine stands.
struct Reconciliation {
    /// Whether a list was asked for, or its differences are looked at.
    var isUnderWay = false
    /// Whether another one is wanted as soon as this one ends.
    var isWantedAgain = false
    /// Whether the engine answered last; nil: it was not asked yet.
    var isEngineReachable: Bool?
    /// Failures since it answered last.
    var failures = 0
    /// What is to be looked at, by handle and identifier.
    var looks: [(handle: ContainerHandle, id: String?)] = []
    /// Containers that were complained about, so that each is once.
    var complained: Set<String> = []
    /// Takes the next alarm back.
    var alarm: (() -> Void)?

    mutating func cancel() {
        alarm?()
        alarm = nil
        looks = []
    }

    /// How long to wait before the engine is asked again after it did not answer.
    var pauseMilliseconds: UInt64 { min(30_000, 1_000 << UInt64(min(failures, 5))) }

    /// Which containers must be looked at: all about which the list and the records differ.
    ///
    /// Gives also the identifiers of containers that have a handle twice, or none that is one.
    static func differences(
        _ found: [EngineContainer], _ records: [ContainerHandle: ContainerRecord],
        leftovers: Set<ContainerHandle>, name: (ContainerHandle) -> String
    ) -> (looks: [(handle: ContainerHandle, id: String?)], strays: [EngineContainer]) {
        var byHandle: [ContainerHandle: EngineContainer] = [:]
        var strays: [EngineContainer] = []
        for container in found {
            guard let handle = container.handle else {
                strays.append(container)
                continue
            }
            guard let other = byHandle[handle] else {
                byHandle[handle] = container
                continue
            }
            // The one that the ledger knows comes first, then the one of our name.
            let known = records[handle]?.container.containerID
            let isBetter =
                known.map { container.id == $0 }
                ?? (container.name == name(handle) && other.name != container.name)
            byHandle[handle] = isBetter ? container : other
            strays.append(isBetter ? other : container)
        }
        var looks: [(handle: ContainerHandle, id: String?)] = []
        for (handle, container) in byHandle {
            let record = records[handle]
            let isSame = record?.container.containerID == container.id
            let aligned = ContainerAlignment.of(
                isSame ? record : nil, container, isLeftover: leftovers.contains(handle))
            if record != nil, !isSame { looks.append((handle, record?.container.containerID)) }
            if aligned != .agreed { looks.append((handle, container.id)) }
        }
        for (handle, record) in records where byHandle[handle] == nil {
            looks.append((handle, record.container.containerID))
        }
        return (looks.sorted { $0.handle < $1.handle }, strays)
    }
}
