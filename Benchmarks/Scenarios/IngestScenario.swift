import LedgerCore
import LedgerRuntime
import Lifecycle
import Logging
import Threads

/// Copies the journal under the settings' home into an empty, migrated database, as the service does.
struct IngestScenario {
    private let settings: BenchmarkTool.Settings

    /// A copy of the journal under the settings' home.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Runs it.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, home: settings.home)
        defer { ledger.close() }
        let end = ledger.position
        let ingest = PostgresIngest(ledger: ledger, url: settings.postgresURL, log: .silent)
        let cpuBefore = SystemClock.processNanoseconds()
        let watch = Stopwatch()
        try ingest.run(until: end, of: ledger)
        let nanoseconds = watch.nanoseconds
        let cpu = SystemClock.processNanoseconds() - cpuBefore
        var figures = Figures("ingest")
        figures.add(count: end.value, of: "events", nanoseconds: nanoseconds)
        figures.add("cpuNanosecondsEach", (Double(cpu) / Double(max(end.value, 1))).rounded())
        return figures
    }
}

extension PostgresIngest {
    /// Runs until the database holds `end`, and stops.
    func run(until end: Position, of ledger: Ledger) throws(BenchmarkError) {
        do { try start() } catch { throw .failed("\(error)") }
        defer { stop() }
        let bell = ledger.subscribe()
        while currentStatus.position < end.value {
            if let failure = currentStatus.failure { throw .failed(failure) }
            _ = bell.wait(timeoutMilliseconds: 2)
        }
    }
}
