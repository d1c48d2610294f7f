import LedgerCore
import LedgerRuntime
import Lifecycle
import Logging
import Synchronization
import Threads

/// A few calls a second, copied into PostgreSQL as they are recorded: a platform at work.
///
/// One call of a hundred is left open, for the next start to expire.
struct TrickleScenario {
    private let settings: BenchmarkTool.Settings

    /// A trickle onto the journal under the settings' home, at the settings' events per second.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Runs it for the settings' time, then lets the copy reach the end.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, home: settings.home)
        defer { ledger.close() }
        let ingest = PostgresIngest(ledger: ledger, url: settings.postgresURL, log: .silent)
        do { try ingest.start() } catch { throw .failed("\(error)") }
        defer { ingest.stop() }
        let bell = ledger.subscribe()
        while ingest.currentStatus.position < ledger.position.value {
            if let failure = ingest.currentStatus.failure { throw .failed(failure) }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        let first = ledger.position.value
        let watch = Stopwatch()
        let lag = try append(to: ledger, beside: ingest)
        let nanoseconds = watch.nanoseconds
        let last = ledger.position.value
        while ingest.currentStatus.position < last {
            if let failure = ingest.currentStatus.failure { throw .failed(failure) }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        var figures = Figures("trickle")
        figures.add(count: last - first, of: "events", nanoseconds: nanoseconds)
        figures.add("lagEventsMax", Double(lag))
        return figures
    }

    /// Appends until the time is over; returns by how many events the copy was behind at most.
    private func append(to ledger: Ledger, beside ingest: PostgresIngest) throws(BenchmarkError) -> Int64 {
        let calls = SampleCalls(users: settings.users)
        let pause = Semaphore()
        let failures = Lock(0)
        let began = SystemClock.monotonicNanoseconds()
        // Numbers that no call of this journal has had.
        let base = SystemClock.nowMicroseconds() << 10
        var number: Int64 = 0
        var lag: Int64 = 0
        while true {
            let elapsed = SystemClock.monotonicNanoseconds() - began
            guard elapsed < settings.seconds * 1_000_000_000 else { break }
            let due = elapsed / 1000 * settings.rate / 2_000_000
            while number < due {
                number += 1
                let call = calls.identity(base + number)
                ledger.submit(calls.reserve(call)) { result in
                    if case .failure = result { failures.withLock { $0 += 1 } }
                }
                guard number % 100 != 0 else { continue }
                ledger.submit(.settle(calls.settled(call))) { result in
                    if case .failure = result { failures.withLock { $0 += 1 } }
                }
            }
            lag = max(lag, ledger.position.value - ingest.currentStatus.position)
            _ = pause.wait(timeoutMilliseconds: 5)
        }
        let failed = failures.withLock { $0 }
        guard failed == 0 else { throw .wrong("\(failed) of \(number) calls were not recorded") }
        return lag
    }
}
