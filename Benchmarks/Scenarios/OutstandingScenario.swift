import LedgerCore
import LedgerRuntime
import Lifecycle
import Threads

/// A fixed number of commands under way from one event loop's point of view: each answer submits the next
/// command.
///
/// That is how the Proxy uses the ledger: no thread waits for an answer.
struct OutstandingScenario {
    private let settings: BenchmarkTool.Settings
    private let commands: Int

    /// A scenario with this many commands under way.
    init(_ settings: BenchmarkTool.Settings, commands: Int) {
        self.settings = settings
        self.commands = commands
    }

    /// Runs it.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, at: "outstanding-\(commands)")
        let first = ledger.position.value
        let deadline = SystemClock.monotonicNanoseconds() + settings.seconds * 1_000_000_000
        let watch = Stopwatch()
        let chains = (0..<commands).map { chain in
            CommandChain(
                ledger, SampleCalls(users: settings.users), from: Int64(chain) << 40, until: deadline)
        }
        for chain in chains { chain.start() }
        for chain in chains { chain.done.wait() }
        let nanoseconds = watch.nanoseconds
        let last = ledger.position.value
        ledger.close()
        let written = chains.map(\.written)
        let latencies = written.flatMap(\.latencies)
        let failures = written.reduce(0) { $0 + $1.failures }
        guard failures == 0, last - first == Int64(latencies.count) else {
            throw .wrong("\(failures) failures, \(last - first) events, \(latencies.count) answers")
        }
        var figures = Figures("outstanding_\(commands)")
        figures.add(count: Int64(latencies.count), of: "events", nanoseconds: nanoseconds)
        figures.add(latencies: latencies)
        return figures
    }
}
