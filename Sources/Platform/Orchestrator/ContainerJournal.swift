package import EventLoop
package import LedgerCore
package import LedgerRuntime
import Threads

/// What the orchestrator asks of the ledger; loop thread only.
package struct ContainerJournal {
    /// Every container that the ledger knows.
    package let records: () -> [ContainerHandle: ContainerRecord]
    /// One container that the ledger knows.
    package let record: (ContainerHandle) -> ContainerRecord?
    /// Records a change; answers on the loop, later, whether it is durable.
    package let append: (ContainerChanged, _ then: @escaping (Result<Void, ContainerRefused>) -> Void) -> Void

    /// Creates a journal from its parts.
    package init(
        records: @escaping () -> [ContainerHandle: ContainerRecord],
        record: @escaping (ContainerHandle) -> ContainerRecord?,
        append: @escaping (ContainerChanged, @escaping (Result<Void, ContainerRefused>) -> Void) -> Void
    ) {
        self.records = records
        self.record = record
        self.append = append
    }

    /// The journal of `ledger`, which answers on `loop`.
    package init(_ ledger: Ledger, loop: EventLoop) {
        self.init(
            records: { ledger.read { $0.state.containers }.mapValues { ContainerRecord($0) } },
            record: { handle in
                ledger.read { $0.state.containers[handle] }.map { ContainerRecord($0) }
            },
            append: { change, then in
                let then = Confined(then)
                ledger.submit(.changeContainer(change)) { result in
                    loop.post { then.value(result.map { _ in }.mapError { ContainerRefused($0) }) }
                }
            })
    }
}

extension ContainerRecord {
    /// What the ledger's state says.
    fileprivate init(_ known: KnownContainer) {
        self.init(
            container: known.container, isRunning: known.isRunning, ooms: known.ooms,
            changedAt: known.changedAt)
    }
}

extension ContainerRefused {
    /// What the ledger's refusal means for whoever asked.
    fileprivate init(_ error: LedgerError) {
        switch error {
        case .rejected(.tooMany): self = .tooMany
        case .rejected: self = .unknown
        case .unavailable, .overloaded, .closed, .journal, .undecodable, .thread: self = .ledgerUnavailable
        }
    }
}
