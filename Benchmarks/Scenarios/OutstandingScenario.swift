import LedgerCore
import LedgerRuntime
import Lifecycle
import Synchronization
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

/// One command after the other: the answer to one submits the next.
private final class CommandChain: Sendable {
    let done = Semaphore()
    private let ledger: Ledger
    private let calls: SampleCalls
    private let deadline: Int64
    private let state: Lock<State>

    private struct State {
        var number: Int64
        var open: CallIdentity?
        var watch = Stopwatch()
        var written = Written()
    }

    init(_ ledger: Ledger, _ calls: SampleCalls, from base: Int64, until deadline: Int64) {
        self.ledger = ledger
        self.calls = calls
        self.deadline = deadline
        state = Lock(State(number: base))
    }

    var written: Written { state.withLock { $0.written } }

    func start() {
        let command = state.withLock { state in
            state.watch = Stopwatch()
            if let call = state.open {
                state.open = nil
                return Command.settle(calls.settled(call))
            }
            let call = calls.identity(state.number)
            state.number += 1
            state.open = call
            return calls.reserve(call)
        }
        ledger.submit(command) { [self] result in
            let isOver = state.withLock { state in
                state.written.latencies.append(state.watch.nanoseconds)
                if case .failure = result { state.written.failures += 1 }
                return SystemClock.monotonicNanoseconds() >= deadline
            }
            if isOver { done.signal() } else { start() }
        }
    }
}
