import LedgerCore
import LedgerRuntime
import Metrics
import Threads

/// One scrape of `/metrics` after calls of all users.
struct ScrapeScenario {
    private let settings: BenchmarkTool.Settings
    private static let scrapes: Int64 = 50

    /// A scrape of a ledger with the settings' number of users.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Runs it.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, at: "scrape")
        let calls = SampleCalls(users: settings.users)
        let done = Semaphore()
        for number in 0..<Int64(settings.users * 4) {
            let call = calls.identity(number)
            for command in [calls.reserve(call), .settle(calls.settled(call))] {
                ledger.submit(command) { _ in done.signal() }
                done.wait()
            }
        }
        let set = MetricSet()
        let shared = LedgerMetrics(ledger, ingest: nil, usersMax: settings.users, build: "bench")
        set.collect { shared.write(to: &$0) }
        var latencies: [Int64] = []
        var bytes = 0
        let watch = Stopwatch()
        for _ in 0..<Self.scrapes {
            let one = Stopwatch()
            bytes = set.render(.prometheusText).count
            latencies.append(one.nanoseconds)
        }
        let nanoseconds = watch.nanoseconds
        ledger.close()
        var figures = Figures("scrape")
        figures.add(count: Self.scrapes, of: "scrapes", nanoseconds: nanoseconds)
        figures.add(latencies: latencies)
        figures.add("bytes", Double(bytes))
        return figures
    }
}
