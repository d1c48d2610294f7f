import LedgerCore
import LedgerRuntime
import Lifecycle
import Synchronization
import Threads

/// One command after the other: the answer to one submits the next.
final class CommandChain: Sendable {
    /// Signalled at the end.
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

    /// A chain of the calls numbered from `base`, until the monotonic clock shows `deadline`.
    init(_ ledger: Ledger, _ calls: SampleCalls, from base: Int64, until deadline: Int64) {
        self.ledger = ledger
        self.calls = calls
        self.deadline = deadline
        state = Lock(State(number: base))
    }

    /// What it found; after ``done``.
    var written: Written { state.withLock { $0.written } }

    /// Submits the next command.
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
