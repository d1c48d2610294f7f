package import LedgerCore

/// A container as the ledger knows it.
package struct ContainerRecord: Hashable, Sendable {
    /// What names it.
    package var container: ContainerIdentity
    /// Whether it runs.
    package var isRunning: Bool
    /// How often one of its processes was ended for want of memory.
    package var ooms: Int64
    /// When it was last provisioned, started or stopped; nil until that is durable.
    package var changedAt: Timestamp?

    /// Creates a record.
    package init(
        container: ContainerIdentity, isRunning: Bool, ooms: Int64 = 0, changedAt: Timestamp? = nil
    ) {
        self.container = container
        self.isRunning = isRunning
        self.ooms = ooms
        self.changedAt = changedAt
    }

    /// What the ledger knows once `change` is recorded; nil: nothing any more.
    package static func after(_ change: ContainerChanged, _ record: ContainerRecord?) -> ContainerRecord? {
        guard change.change != .provisioned else {
            return ContainerRecord(container: change.container, isRunning: true)
        }
        guard change.change != .destroyed, var record else { return nil }
        switch change.change {
        case .started: record.isRunning = true
        case .stopped: record.isRunning = false
        case .oom: record.ooms &+= 1
        case .provisioned, .destroyed: break
        }
        return record
    }
}
