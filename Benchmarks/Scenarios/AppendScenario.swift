import LedgerCore
import LedgerRuntime
import Lifecycle
import Synchronization
import Threads

/// Threads that each ask the ledger for one event and wait until it is durable, over and over.
///
/// Each reserves and settles calls in turn: what is measured is deciding, encoding, chaining, writing,
/// syncing, folding and answering.
struct AppendScenario {
    private let settings: BenchmarkTool.Settings
    private let writers: Int

    /// A scenario with this many threads.
    init(_ settings: BenchmarkTool.Settings, writers: Int) {
        self.settings = settings
        self.writers = writers
    }

    /// Runs it.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, at: "append-\(writers)")
        let first = ledger.position.value
        let syncsBefore = ledger.read { $0.journal.syncs }
        let tally = Tally()
        let watch = Stopwatch()
        let deadline = SystemClock.monotonicNanoseconds() + settings.seconds * 1_000_000_000
        var threads: [Thread] = []
        do throws(ThreadError) {
            for writer in 0..<writers {
                let calls = SampleCalls(users: settings.users)
                threads.append(
                    try Thread(named: "writer-\(writer)") {
                        let base = Int64(writer) << 40
                        tally.add(Self.write(calls, from: base, to: ledger, until: deadline))
                    })
            }
        } catch { throw .failed("\(error)") }
        for thread in threads { thread.join() }
        let nanoseconds = watch.nanoseconds
        let syncs = ledger.read { $0.journal.syncs } - syncsBefore
        let last = ledger.position.value
        ledger.close()
        let found = tally.total
        guard found.failures == 0, last - first == Int64(found.latencies.count) else {
            throw .wrong(
                "\(found.failures) failures, \(last - first) events, \(found.latencies.count) answers")
        }
        var figures = Figures("append_\(writers)")
        figures.add(count: Int64(found.latencies.count), of: "events", nanoseconds: nanoseconds)
        figures.add(latencies: found.latencies)
        figures.add("eventsPerSync", Double(found.latencies.count) / Double(max(syncs, 1)))
        return figures
    }

    private static func write(
        _ calls: SampleCalls, from base: Int64, to ledger: Ledger, until deadline: Int64
    ) -> Written {
        var written = Written()
        let answered = Semaphore()
        let failures = Atomic(0)
        var number = base
        while SystemClock.monotonicNanoseconds() < deadline {
            let call = calls.identity(number)
            number += 1
            for command in [calls.reserve(call), .settle(calls.settled(call))] {
                let watch = Stopwatch()
                ledger.submit(command) { result in
                    if case .failure = result { failures.add(1, ordering: .relaxed) }
                    answered.signal()
                }
                answered.wait()
                written.latencies.append(watch.nanoseconds)
            }
        }
        written.failures = failures.load(ordering: .relaxed)
        return written
    }
}

/// What writers found.
struct Written: Sendable {
    var latencies: [Int64] = []
    var failures = 0
}

/// Sums what several threads found.
final class Tally: Sendable {
    private let sum = Lock(Written())

    /// Adds one thread's share.
    func add(_ part: Written) {
        sum.withLock {
            $0.latencies += part.latencies
            $0.failures += part.failures
        }
    }

    /// What came together.
    var total: Written { sum.withLock { $0 } }
}
