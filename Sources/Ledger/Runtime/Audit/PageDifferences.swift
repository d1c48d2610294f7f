import LedgerCore
import LedgerJournal
import LedgerStore

/// Names the row and the column in which a page of the database is not the journal's.
struct PageDifferences {
    private let store: LedgerStore
    private let logsDirectory: String
    /// The last position that the database says it has.
    private let end: Position

    /// How many pages are looked at; of those after them only the number is told.
    private static let pagesMax = 10

    init(_ store: LedgerStore, logsDirectory: String, upTo end: Position) {
        self.store = store
        self.logsDirectory = logsDirectory
        self.end = end
    }

    /// One finding for each of `pages`; what is before `first` was retired.
    ///
    /// - Throws: ``VerificationError/store(_:)``, ``VerificationError/journal(_:)``.
    func findings(
        in pages: [EventPage], startingAt first: Position
    ) throws(VerificationError) -> [String] {
        var findings: [String] = []
        for page in pages.prefix(Self.pagesMax) {
            let range = page.positions
            findings.append(
                "events: " + (try difference(in: max(first, range.lowerBound)...range.upperBound)))
        }
        if pages.count > Self.pagesMax {
            findings.append("events: \(pages.count - Self.pagesMax) more pages of 10,000 rows differ")
        }
        return findings
    }

    private func difference(in range: ClosedRange<Position>) throws(VerificationError) -> String {
        let rows: [(position: Position, record: [UInt8])]
        do throws(StoreError) { rows = try store.records(in: range) } catch { throw .store(error) }
        let journal = try records(in: range)
        for (row, wanted) in zip(rows, journal) {
            let position = wanted.position.value
            guard row.position == wanted.position else {
                return row.position < wanted.position
                    ? "position \(row.position.value) stands twice" : "position \(position) is not there"
            }
            guard row.record != wanted.record else { continue }
            let columns = StoredEvent.differingColumns(row.record, wanted.record) ?? ["the row"]
            return "position \(position): \(columns.joined(separator: ", ")) is not what the journal says"
        }
        if rows.count > journal.count {
            let extra = rows[journal.count].position
            return extra > end
                ? "position \(extra.value) is beyond the checkpoint" : "position \(extra.value) stands twice"
        }
        guard rows.count < journal.count else {
            return
                "positions \(range.lowerBound.value) to \(range.upperBound.value) changed while they were read"
        }
        return "position \(journal[rows.count].position.value) is not there"
    }

    private func records(
        in range: ClosedRange<Position>
    ) throws(VerificationError) -> [(position: Position, record: [UInt8])] {
        var records: [(position: Position, record: [UInt8])] = []
        let last = min(range.upperBound, end)
        do throws(LedgerError) {
            try Replay(logsDirectory: logsDirectory, origin: store.origin).lines(startingAt: range.lowerBound)
            {
                line throws(LedgerError) in
                guard line.position <= last.value else { return false }
                let event = StoredEvent(try Replay.decode(line), comparedAt: line.chain)
                records.append((event.position, event.record()))
                return true
            }
        } catch { throw .journal(error) }
        return records
    }
}
