package import Files
package import LedgerCore
package import LedgerJournal

/// How a ledger is opened.
package struct LedgerConfiguration: Sendable {
    /// The directory that everything lives under.
    package var home: String
    /// The identity of this journal and its writer.
    package var origin: String
    /// When a write counts as durable.
    package var durability: Durability = .fsync
    /// When a segment is full.
    package var segmentBytesMax = 1 << 30
    /// How many commands may wait for the writer.
    package var pendingMax = 65_536
    /// How many commands one sync answers at most.
    package var batchMax = 4_096
    /// How many events lie between two snapshots.
    package var snapshotInterval: Int64 = 200_000
    /// Up to this size the whole journal is checked before the start, however good the snapshot is.
    package var checkedBeforeStartBytesMax = 256 << 20
    /// The pause between two tries to open a journal that failed.
    package var reopenPauseMilliseconds = 1_000
    /// The disk.
    package var files: any FileSystem = POSIXFileSystem()
    /// Time, from outside.
    package var now: @Sendable () -> Timestamp
    /// A clock that never jumps, in nanoseconds, from outside.
    package var monotonicNanoseconds: @Sendable () -> UInt64

    /// Creates the settings for `home`.
    package init(
        home: String, origin: String, now: @escaping @Sendable () -> Timestamp,
        monotonicNanoseconds: @escaping @Sendable () -> UInt64
    ) {
        self.home = home
        self.origin = origin
        self.now = now
        self.monotonicNanoseconds = monotonicNanoseconds
    }

    /// The durability as LEDGER_DURABILITY names it.
    package var durabilityName: String { durability == .fsync ? "fsync" : "os" }
    /// Where the journal's segments lie.
    package var logsDirectory: String { home + "/system/logs" }
    /// Where the activity log lies.
    package var activityPath: String { home + "/system/activity.log" }
    /// Where the snapshot lies.
    package var snapshotPath: String { home + "/system/snapshot.jsonl" }
}
