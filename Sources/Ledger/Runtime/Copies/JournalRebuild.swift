import LedgerCore
import LedgerJournal
package import LedgerStore

/// Writes a journal anew from the lines that PostgreSQL holds, byte for byte.
///
/// It is made beside its place and put there when the last line is in it: ended in the middle, it leaves the
/// place as it was.
package struct JournalRebuild {
    private let store: LedgerStore
    private let logsDirectory: String
    private let segmentBytesMax: Int

    private static let pageLines = 5_000

    /// Rebuilds the journal of the store's origin into `logsDirectory`, which must be free.
    package init(
        _ store: LedgerStore, logsDirectory: String,
        segmentBytesMax: Int = JournalWriter.segmentBytesMaxDefault
    ) {
        self.store = store
        self.logsDirectory = logsDirectory
        self.segmentBytesMax = segmentBytesMax
    }

    /// Reads every line, checks that it follows from the one before, and writes it.
    ///
    /// - Parameter progress: told after each page how many lines it had.
    /// - Throws: ``CopyError/journal(_:)`` with ``JournalError/occupied(directory:)`` where something is;
    ///   ``CopyError/badSource(_:)`` where a line is missing or is not the one that was recorded.
    package func run(progress: (_ events: Int) -> Void) throws(CopyError) {
        let end = try requireWhole()
        let stage = try CopyError.journal { () throws(JournalError) in
            try StagedJournal(at: logsDirectory)
        }
        var builder = SegmentBuilder(stage, origin: store.origin, segmentBytesMax: segmentBytesMax)
        while true {
            let after = Position(builder.position)
            let page = try CopyError.store { () throws(StoreError) in
                try store.lines(after: after, limit: Self.pageLines)
            }
            guard !page.isEmpty else { break }
            for (position, line) in page { try add(line, at: position, to: &builder) }
            progress(page.count)
        }
        guard builder.position >= end.value else {
            throw .badSource("the database lacks position \(builder.position + 1), and what follows")
        }
        do throws(JournalError) {
            try builder.finish()
            try stage.publish()
        } catch { throw .journal(error) }
    }

    /// How far the database is; 0 when it has nothing of this journal.
    package func lastPosition() throws(CopyError) -> Int64 {
        try CopyError.store { () throws(StoreError) in try store.checkpoint()?.position.value ?? 0 }
    }

    /// Refuses a database that has nothing of this journal, or not its beginning.
    ///
    /// - Returns: its last position.
    private func requireWhole() throws(CopyError) -> Position {
        let (checkpoint, first) = try CopyError.store { () throws(StoreError) in
            (try store.checkpoint(), try store.lines(after: Position(0), limit: 1).first?.position)
        }
        guard let checkpoint, let first else {
            throw .badSource("the database holds no event of origin \"\(store.origin)\"")
        }
        guard first > Position(1) else { return checkpoint.position }
        throw .badSource(
            "the database holds the journal from position \(first.value) on, to \(checkpoint.position.value): "
                + "the months before were retired, so it cannot be written anew from there; restore a backup")
    }

    private func add(
        _ line: [UInt8], at position: Position, to builder: inout SegmentBuilder
    ) throws(CopyError) {
        let expected = builder.position + 1
        guard position.value == expected else {
            throw .badSource("the database lacks position \(expected): position \(position.value) comes next")
        }
        guard let time = Self.time(of: line) else {
            throw .badSource("the line at position \(expected) in the database is no event of this version")
        }
        let follows = try CopyError.journal { () throws(JournalError) in try builder.add(line, at: time) }
        guard follows else {
            throw .badSource(
                "the line at position \(expected) in the database is not the one that was recorded: its chain "
                    + "does not follow from it and the line before")
        }
    }

    private static func time(of line: [UInt8]) -> Timestamp? {
        line.withUnsafeBytes { (try? EventDecoder.decode($0))?.timestamp }
    }
}
