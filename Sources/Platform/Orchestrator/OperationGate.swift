package import LedgerCore

/// Lets one operation at a time reach each container, and a bounded number all of them together.
///
/// A pure state machine: who enters or leaves performs the jobs that it is told to start.
package struct OperationGate<Job> {
    /// Operations at the engine at the same time.
    package let activeMax: Int
    /// Operations that may wait for one container.
    package let waitingPerHandleMax: Int
    /// Operations that may wait in all.
    package let waitingMax: Int
    /// Containers with an operation under way.
    private var active: Set<ContainerHandle> = []
    /// In the order in which they came.
    private var waiting: [(handle: ContainerHandle, job: Job)] = []

    /// Creates a gate.
    package init(activeMax: Int = 8, waitingPerHandleMax: Int = 8, waitingMax: Int = 256) {
        self.activeMax = activeMax
        self.waitingPerHandleMax = waitingPerHandleMax
        self.waitingMax = waitingMax
    }

    /// What becomes of an operation that asks to be let in.
    package enum Entry: Hashable, Sendable {
        /// It starts now.
        case starts
        /// It waits for its turn.
        case waits
        /// Too many wait for this container.
        case handleIsFull
        /// Too many wait in all.
        case isFull
    }

    /// Lets `job` in, or has it wait.
    package mutating func enter(_ job: Job, for handle: ContainerHandle) -> Entry {
        if active.count < activeMax, !isTaken(handle) {
            active.insert(handle)
            return .starts
        }
        guard waiting.count(where: { $0.handle == handle }) < waitingPerHandleMax else {
            return .handleIsFull
        }
        guard waiting.count < waitingMax else { return .isFull }
        waiting.append((handle, job))
        return .waits
    }

    /// Ends the operation of `handle`; the jobs that start now.
    package mutating func leave(_ handle: ContainerHandle) -> [(handle: ContainerHandle, job: Job)] {
        active.remove(handle)
        var started: [(handle: ContainerHandle, job: Job)] = []
        while active.count < activeMax,
            let next = waiting.firstIndex(where: { !active.contains($0.handle) })
        {
            let entry = waiting.remove(at: next)
            active.insert(entry.handle)
            started.append(entry)
        }
        return started
    }

    /// Takes back everything that waits; the jobs, in order.
    package mutating func empty() -> [(handle: ContainerHandle, job: Job)] {
        defer { waiting = [] }
        return waiting
    }

    /// Whether an operation on `handle` is under way or waits.
    package func isTaken(_ handle: ContainerHandle) -> Bool {
        active.contains(handle) || waiting.contains { $0.handle == handle }
    }

    /// Whether nothing is under way.
    package var isIdle: Bool { active.isEmpty }
}
