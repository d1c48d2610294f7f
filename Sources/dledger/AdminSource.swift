import EventLoop
import Files
import LedgerCore
import LedgerRuntime
import Logging
import Platform
import Service
import Terminal

/// The admin page and the usage API, put together from the environment.
enum AdminSource {
    /// Where Debian's package puts Chart.js.
    static let chartScriptStandard = "/usr/share/javascript/chart.js/chart.min.js"
    private static let chartScriptBytesMax = 2 << 20

    static func desk(
        _ settings: Settings, _ environment: Environment, loop: EventLoop, ledger: Ledger,
        shell: ServiceShell, log: Logger, ingest: PostgresIngest?, reads: PostgresReads,
        _ complete: (inout DashboardSource) -> Void = { _ in }
    ) throws(CommandFailure) -> AdminDesk {
        let log = log.with(service: "platform")
        var source = DashboardSource()
        source.version = Build.version
        source.grafanaURL = settings.platform.grafanaURL
        source.postgres = { ingest?.reading }
        complete(&source)
        let access = try ProxySource.keyAccess(environment)
        do throws(LedgerError) {
            return try AdminDesk(
                loop: loop, ledger: ledger, access: access, source: source,
                postgresURL: settings.postgresURL, reads: reads, chartScript: chartScript(environment, log),
                recorder: EventRoutes.Recorder(ledger), shell: shell, log: log)
        } catch { throw CommandFailure(ExitCode.unavailable, "the system refuses another thread") }
    }

    /// Chart.js; nil when it is not there: the page goes without.
    private static func chartScript(_ environment: Environment, _ log: Logger) -> [UInt8]? {
        let path = environment["PLATFORM_CHART_JS"] ?? chartScriptStandard
        do throws(FileError) {
            return try POSIXFileSystem().readNamed(path, bytesMax: chartScriptBytesMax)
        } catch {
            log.info("the admin page has no charts", ["PLATFORM_CHART_JS": path, "error": "\(error)"])
            return nil
        }
    }
}
