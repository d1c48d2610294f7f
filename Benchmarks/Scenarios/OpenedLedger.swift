import LedgerCore
import LedgerJournal
import LedgerRuntime
import Lifecycle
import Logging
import Threads

extension Ledger {
    /// A ledger on an empty home of its own below the settings' one.
    static func opened(
        _ settings: BenchmarkTool.Settings, at folder: String
    ) throws(BenchmarkError) -> Ledger {
        try opened(settings, home: "\(settings.home)/\(folder)-\(SystemClock.nowMicroseconds())")
    }

    /// A ledger on the journal that is under `home`; an empty one where there is none.
    static func opened(
        _ settings: BenchmarkTool.Settings, home: String, origin: String = "bench"
    ) throws(BenchmarkError) -> Ledger {
        var configuration = LedgerConfiguration(
            home: home, origin: origin,
            now: { Timestamp(microseconds: SystemClock.nowMicroseconds()) },
            monotonicNanoseconds: { UInt64(SystemClock.monotonicNanoseconds()) })
        let calls = SampleCalls(users: 1)
        configuration.durability = settings.isSynced ? .fsync : .os
        let ledger: Ledger
        do {
            ledger = try Ledger(
                configuration, prices: try PriceBookFile.embedded(), pricesSource: "built-in", log: .silent)
        } catch { throw .failed("\(error)") }
        // What the ledger records at its start comes before this answer.
        let isReady = Semaphore()
        ledger.submit(.settle(calls.settled(calls.identity(1 << 60)))) { _ in isReady.signal() }
        isReady.wait()
        return ledger
    }
}
