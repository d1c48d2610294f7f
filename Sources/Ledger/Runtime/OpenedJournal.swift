import Files
import LedgerCore
import LedgerJournal
import Logging

/// A journal opened for writing, and the fold of what it holds.
struct OpenedJournal {
    let writer: JournalWriter
    let view: LedgerView
    let summary: RecoverySummary
    /// The place up to which lines are still to be checked.
    let uncheckedUpTo: JournalMark?

    /// Opens the journal, from the snapshot where there is a good one, and folds the lines behind it.
    init(_ configuration: LedgerConfiguration, log: Logger) throws(LedgerError) {
        let snapshot = Snapshot.load(configuration, log: log)
        if snapshot != nil, let opened = try? Self(configuration, from: snapshot, log: log) {
            self = opened
            return
        }
        // Without a snapshot, or with one that does not fit, every line is checked: the journal is the truth.
        self = try Self(configuration, from: nil, log: log)
    }

    private init(
        _ configuration: LedgerConfiguration, from snapshot: LedgerView?, log: Logger
    ) throws(LedgerError) {
        // Up to a size, every line is checked before the start; beyond it, those before the snapshot are
        // checked beside it.
        let isChecked = Self.journalBytes(configuration) <= configuration.checkedBeforeStartBytesMax
        let (writer, recovery) = try Self.open(configuration, from: isChecked ? nil : snapshot?.mark)
        uncheckedUpTo = isChecked ? nil : snapshot?.mark
        for torn in recovery.setAside {
            log.warning(
                "a tail that was never acknowledged is set aside",
                ["segment": "\(torn.segment)", "bytes": "\(torn.bytes)", "kept": torn.keptAsPath])
        }
        var view = snapshot ?? LedgerView(origin: configuration.origin)
        let replay = Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin)
        // The writer has just verified the chain.
        try replay.run(from: snapshot?.mark, upTo: writer.durableMark, verifyingChain: false) {
            view.evolve($0)
        }
        guard view.usage.position.value == writer.durableMark.position else {
            throw .journal("the snapshot is at another position than the journal")
        }
        view.mark = writer.durableMark
        self.writer = writer
        self.view = view
        summary = RecoverySummary(
            events: recovery.eventsChecked, fromSnapshot: snapshot?.mark.position,
            setAsideBytes: recovery.setAside.reduce(0) { $0 + $1.bytes })
    }

    /// The size of all segments; 0 where there is none yet.
    private static func journalBytes(_ configuration: LedgerConfiguration) -> Int {
        let files = POSIXFileSystem()
        let names = (try? files.list(configuration.logsDirectory)) ?? []
        return names.filter { SegmentName($0) != nil }.reduce(0) { sum, name in
            sum + ((try? files.size(at: "\(configuration.logsDirectory)/\(name)")) ?? 0)
        }
    }

    /// Opens the journal again after a failed append, cut back to what is durable.
    static func reopen(
        _ configuration: LedgerConfiguration, at mark: JournalMark
    ) throws(LedgerError) -> JournalWriter {
        try open(configuration, from: mark, cutTo: mark).0
    }

    private static func open(
        _ configuration: LedgerConfiguration, from mark: JournalMark?, cutTo: JournalMark? = nil
    ) throws(LedgerError) -> (JournalWriter, Recovery) {
        do throws(JournalError) {
            return try JournalWriter.open(
                directory: configuration.logsDirectory, origin: configuration.origin,
                files: configuration.files,
                segmentBytesMax: configuration.segmentBytesMax, durability: configuration.durability,
                from: mark,
                cutTo: cutTo)
        } catch {
            switch error {
            case .io, .locked: throw .unavailable("\(error)")
            default: throw .journal("\(error)")
            }
        }
    }
}

/// What was found when the journal was opened.
package struct RecoverySummary: Sendable {
    /// Lines that were read and checked.
    package let events: Int
    /// The snapshot's position, where one was used.
    package let fromSnapshot: Int64?
    /// Bytes that were never acknowledged, taken out of the journal and kept.
    package let setAsideBytes: Int
}
