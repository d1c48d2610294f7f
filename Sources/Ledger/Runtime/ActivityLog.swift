import Files
import LedgerCore
package import Logging
package import Metrics
import Synchronization
package import Threads

/// `system/activity.log`: what happened, a line an event, for people and log collectors.
///
/// It follows the journal on a thread of its own and holds up nobody. What cannot be written is tried again
/// each second; a process that ends goes on where the file ends.
package final class ActivityLog: Sendable {
    private let ledger: Ledger
    private let log: Logger
    private let file: Lock<ActivityFile>
    private let written = Atomic<Int64>(0)
    private let failures = Atomic<Int64>(0)
    private let follower = Lock<JournalFollower?>(nil)

    /// How many events back a new log begins at most: what its files can hold.
    package static let backlogMax: Int64 = 100_000

    /// Creates the log of `ledger`; ``start()`` runs it.
    ///
    /// A file has at most `bytesMax`, and one more is kept.
    package init(_ ledger: Ledger, bytesMax: Int = 64 << 20, log: Logger) {
        self.ledger = ledger
        self.log = log
        file = Lock(
            ActivityFile(
                ledger.configuration.activityPath, bytesMax: bytesMax, ledger.configuration.files))
    }

    /// Starts the thread.
    package func start() throws(ThreadError) {
        let follower = JournalFollower(
            ledger, named: "ledger-activity", from: { [self] in begin() }, log: log
        ) { [self] events, _ in take(events) }
        try follower.start()
        self.follower.withLock { $0 = follower }
    }

    /// Ends the thread after the events in hand.
    package func stop() {
        follower.withLock { $0.take() }?.stop()
        file.withLock { $0.close() }
    }

    /// Writes the families of the activity log.
    package func write(to writer: inout ExpositionWriter) {
        writer.family(
            "ledger_activity_lag_events", .gauge,
            help: "Durable events that the activity log has not taken yet.")
        let lag = ledger.position.value - written.load(ordering: .relaxed)
        writer.sample([:], .integer(max(lag, 0)))
        writer.family(
            "ledger_activity_failures_total", .counter,
            help: "How often lines of the activity log could not be written and were tried again.")
        writer.sample([:], .integer(failures.load(ordering: .relaxed)))
    }

    /// Where to go on; nil: that cannot be told now.
    private func begin() -> Position? {
        let end = ledger.position
        let start = Position(max(end.value - Self.backlogMax, 0))
        let found: Position? = trying { file throws(FileError) in try file.begin(behind: start, end: end) }
        if let found { written.store(found.value, ordering: .relaxed) }
        return found
    }

    private func take(_ events: [RecordedEvent]) -> Bool {
        let done: Void? = trying { file throws(FileError) in try file.append(events) }
        guard done != nil else { return false }
        if let last = events.last { written.store(last.position.value, ordering: .relaxed) }
        return true
    }

    /// What `body` returns; nil, counted and logged, when the disk refuses.
    private func trying<Value: Sendable>(
        _ body: (inout ActivityFile) throws(FileError) -> Value
    ) -> Value? {
        do throws(FileError) {
            return try file.withLock { file throws(FileError) in try body(&file) }
        } catch {
            failures.add(1, ordering: .relaxed)
            log.error("the activity log cannot be written", ["error": "\(error)"], onceEvery: 60)
            return nil
        }
    }
}
