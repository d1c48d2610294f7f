package import Access
package import EventLoop
import HTTP
import LedgerCore
package import LedgerRuntime
package import Logging
package import Service
import Threads

/// What the Platform shows its operator and takes from others: usage by time, the dashboard, the admin page
/// and reported usage.
///
/// Loop thread only, but for ``close()``.
package final class AdminDesk {
    private let archive: UsageArchive
    private let dashboard: DashboardRoutes

    /// Adds the routes to `shell` and starts the archive's threads.
    ///
    /// Usage is read from `postgresURL` when that is up, else from the journal; without a `chartScript`,
    /// which is Chart.js, the page has tables and no charts.
    ///
    /// - Throws: ``LedgerError/thread``.
    package init(
        loop: EventLoop, ledger: Ledger, access: KeyAccess, source: DashboardSource,
        postgresURL: String?, reads: PostgresReads, chartScript: [UInt8]?, recorder: EventRoutes.Recorder,
        shell: ServiceShell,
        log: Logger
    ) throws(LedgerError) {
        archive = UsageArchive(ledger, postgresURL: postgresURL, reads: reads, log: log)
        dashboard = DashboardRoutes(
            loop: loop, ledger: ledger, archive: archive, access: access, source: source)
        UsageRoutes(archive: archive, loop: loop, access: access, now: ledger.configuration.now)
            .register(on: shell)
        dashboard.register(on: shell)
        EventRoutes(
            loop: loop, access: access, prices: ledger.prices, now: ledger.configuration.now,
            recorder: recorder
        ).register(on: shell)
        AdminPage(chartScript: chartScript).register(on: shell)
        do throws(ThreadError) { try archive.start() } catch { throw .thread }
    }

    /// The archive of usage.
    package var usage: UsageArchive { archive }

    /// Ends the streams, before the server waits for its requests.
    package func closeStreams() { dashboard.closeStreams() }

    /// Ends the archive's threads; blocks, not from the loop's thread.
    package func close() { archive.close() }
}
