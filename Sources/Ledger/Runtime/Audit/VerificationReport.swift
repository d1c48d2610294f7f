import LedgerCore
package import LedgerJournal
package import LedgerStore

/// What a verification looked at and what it found.
package struct VerificationReport: Sendable {
    /// Events of the journal, each with its chain link and its bytes.
    package let events: Int64
    /// The journal's last position.
    package let position: Int64
    /// The chain there; nil when the journal is empty.
    package let chain: ChainHash?
    /// Calls that ended, and those still open.
    package let calls: (ended: Int64, open: Int)
    /// Agent runs that ended, and those still open.
    package let dispatches: (ended: Int64, open: Int)
    /// Where the saved fold was compared with the journal's; nil: there is none.
    package let snapshotPosition: Int64?
    /// What was looked at in the database; nil: nothing.
    package private(set) var store: Store?
    /// What does not hold; empty: all does.
    package private(set) var findings: [String]
    /// What may be the trace of a crash; not held against the journal.
    package let remarks: [String]

    /// What was looked at in the database.
    package struct Store: Sendable {
        /// Its checkpoint: everything was compared up to here.
        package let position: Int64
        /// How many events the journal has beyond it.
        package let lagEvents: Int64
        /// Rows of events.
        package let rows: Int64
        /// Lines whose chain the server recomputed.
        package let linesChecked: Int64
        /// Events at the beginning that were sealed and retired.
        package let retired: Int64
        /// Months that are sealed.
        package let sealedMonths: Int
        /// Rows of sums, in each table of them.
        package let rollupRows: [RollupTable: Int]
        /// Users with limits.
        package let quotas: Int
        /// Containers, destroyed ones too.
        package let containers: Int
    }

    init(_ audit: JournalAudit, saved: LedgerView?) {
        events = audit.events
        position = audit.position
        chain = audit.chain
        calls = (audit.calls, audit.openCalls)
        dispatches = (audit.dispatches, audit.openDispatches)
        snapshotPosition = audit.hasComparedSnapshot ? saved?.mark.position : nil
        findings = audit.findings
        remarks = audit.remarks
    }

    mutating func add(_ stored: StoreSnapshot, _ findings: [String]) {
        let at = stored.checkpoint?.position.value ?? 0
        store = Store(
            position: at, lagEvents: max(position - at, 0), rows: stored.eventCount,
            linesChecked: stored.linesChecked, retired: stored.head.retiredUpTo,
            sealedMonths: stored.head.seals.count, rollupRows: stored.rollups.mapValues(\.count),
            quotas: stored.quotas.count, containers: stored.containers.count)
        self.findings += findings
    }
}
