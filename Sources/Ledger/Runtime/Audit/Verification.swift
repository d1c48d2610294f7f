import LedgerCore
import LedgerJournal
package import LedgerStore
import Logging

/// Checks a journal line by line, the saved fold against the journal's, and beside that, on a thread of its
/// own, what PostgreSQL holds.
package struct Verification: Sendable {
    private let configuration: LedgerConfiguration
    private let postgresURL: String?

    /// Checks the journal under `configuration.home`; with `postgresURL` the database too.
    package init(_ configuration: LedgerConfiguration, postgresURL: String? = nil) {
        self.configuration = configuration
        self.postgresURL = postgresURL
    }

    /// Runs all checks.
    ///
    /// The database is read at one moment, and compared with the journal up to where it stood then.
    ///
    /// - Parameter progress: told how many events and bytes of the journal were read, and how many rows
    ///   of how many the server has checked since the last time.
    /// - Returns: what was looked at, and what does not hold.
    /// - Throws: ``VerificationError/journal(_:)`` at the first line that is damaged or is no event.
    package func run(progress: (VerificationProgress) -> Void) throws(VerificationError) -> VerificationReport
    {
        let reading = postgresURL.map { StoreReading(url: $0, origin: configuration.origin) }
        let head = try reading.map { reading throws(VerificationError) in try reading.begin() }
        let saved = Snapshot.load(configuration, log: .silent)
        var audit = JournalAudit(origin: configuration.origin, head: head, saved: saved)
        var step = VerificationProgress(rowsInStore: head?.rowsInStore ?? 0)
        let replay = Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin)
        do throws(LedgerError) {
            try replay.lines { line throws(LedgerError) in
                audit.check(line, try Replay.decode(line))
                step.events += 1
                step.bytes += line.bytes.count + 1
                guard step.events == Self.eventsPerStep else { return }
                tell(&step, reading, progress)
            }
        } catch {
            reading?.giveUp()
            throw .journal(error)
        }
        audit.finish()
        var report = VerificationReport(audit, saved: saved)
        tell(&step, reading, progress)
        guard let reading else { return report }
        while true {
            let stored = try reading.end(within: 100)
            tell(&step, reading, progress)
            guard let stored else { continue }
            let comparison = StoreComparison(stored, origin: configuration.origin, audit)
            report.add(stored, try name(comparison.differingPages, of: stored) + comparison.findings)
            return report
        }
    }

    /// Says which rows of `pages` are not the journal's: read again, for rows never change.
    private func name(
        _ pages: [EventPage], of stored: StoreSnapshot
    ) throws(VerificationError) -> [String] {
        guard let url = postgresURL, let first = stored.positions?.lowerBound, !pages.isEmpty else {
            return []
        }
        let store: LedgerStore
        do throws(StoreError) {
            store = try LedgerStore.open(
                url: url, origin: configuration.origin, statementTimeoutMilliseconds: LedgerStore.unlimited)
        } catch { throw .store(error) }
        return try PageDifferences(
            store, logsDirectory: configuration.logsDirectory,
            upTo: stored.checkpoint?.position ?? Position(0)
        ).findings(in: pages, startingAt: first)
    }

    private static let eventsPerStep = 1_000

    private func tell(
        _ step: inout VerificationProgress, _ reading: StoreReading?,
        _ progress: (VerificationProgress) -> Void
    ) {
        let checked = reading?.rowsChecked ?? 0
        step.rowsChecked = checked - step.rowsTold
        step.rowsTold = checked
        progress(step)
        step.events = 0
        step.bytes = 0
    }
}

/// How far a verification came since it last said so.
package struct VerificationProgress: Sendable {
    /// Events of the journal.
    package internal(set) var events = 0
    /// Their bytes, with newlines.
    package internal(set) var bytes = 0
    /// Rows that the server has checked.
    package internal(set) var rowsChecked: Int64 = 0
    /// How many rows the server has in all.
    package let rowsInStore: Int64
    var rowsTold: Int64 = 0

    init(rowsInStore: Int64) { self.rowsInStore = rowsInStore }
}

/// Why a verification did not come to its end.
package enum VerificationError: Error, Hashable {
    /// The journal is damaged, or cannot be read.
    case journal(LedgerError)
    /// The database does not answer.
    case store(StoreError)
    /// The system refuses another thread.
    case thread
}
