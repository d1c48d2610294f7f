package import LedgerCore
import Synchronization
import Threads

/// The last poll's readings, for any thread.
package final class PublishedReadings: Sendable {
    /// What one poll found.
    package struct Snapshot: Sendable {
        /// The running containers that could be measured.
        package var readings: [ContainerHandle: ContainerReading] = [:]
        /// How many containers are in each state; empty while the engine does not say.
        package var states: [EngineContainer.State: Int] = [:]
        /// Polls that were left out because one was under way.
        package var pollsSkipped: Int64 = 0
        /// Polls that have ended.
        package var polls: Int64 = 0
        /// How long the last one took, in nanoseconds.
        package var lastPollNanoseconds: Int64 = 0
    }

    private let snapshot = Lock(Snapshot())

    /// None yet.
    package init() {}

    /// What was found last.
    package var current: Snapshot { snapshot.withLock { $0 } }

    func update(_ body: (inout Snapshot) -> Void) { snapshot.withLock { body(&$0) } }
}
