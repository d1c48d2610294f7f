import LedgerCore
import LedgerRuntime
import Lifecycle
import Logging
import Threads

/// Calls that are judged by limits which several ledgers share, 64 under way at each: admitted, durable,
/// settled, one after the other.
struct QuotaScenario {
    private let settings: BenchmarkTool.Settings
    private let ledgers: Int
    private static let commands = 64
    private static let dailyLimit = Money(attos: 1_000_000_000_000_000_000_000_000)

    /// A scenario of so many ledgers on an empty, migrated database.
    init(_ settings: BenchmarkTool.Settings, ledgers: Int) {
        self.settings = settings
        self.ledgers = ledgers
    }

    /// Runs it, and checks that each journal stayed within what it had leased.
    func run() throws(BenchmarkError) -> Figures {
        var places: [(ledger: Ledger, desk: LeaseDesk)] = []
        for number in 0..<ledgers {
            let home = "\(settings.home)/quota-\(number)-\(SystemClock.nowMicroseconds())"
            let ledger = try Ledger.opened(settings, home: home, origin: "bench-\(number)")
            let desk = LeaseDesk(ledger, url: settings.postgresURL, policy: .closed, log: .silent)
            do { try desk.start() } catch { throw .failed("\(error)") }
            places.append((ledger, desk))
            try limit(ledger)
        }
        let deadline = SystemClock.monotonicNanoseconds() + settings.seconds * 1_000_000_000
        let watch = Stopwatch()
        let chains = places.enumerated().flatMap { number, place in
            (0..<Int64(Self.commands)).map { chain in
                CommandChain(
                    place.ledger, SampleCalls(users: settings.users),
                    from: (Int64(number * Self.commands) + chain) << 40, until: deadline)
            }
        }
        for chain in chains { chain.start() }
        for chain in chains { chain.done.wait() }
        let nanoseconds = watch.nanoseconds
        let written = chains.map(\.written)
        var rejected: Int64 = 0
        var leases: Int64 = 0
        for (ledger, desk) in places {
            desk.stop()
            (rejected, leases) = ledger.read { view in
                let calls = view.usage.users.values.reduce(0) { $0 + $1.total.rejected }
                let held = view.state.leases(at: view.state.lastTimestamp).count
                return (rejected + calls, leases + Int64(held))
            }
            ledger.close()
        }
        let failures = written.reduce(0) { $0 + $1.failures }
        guard failures == 0, rejected == 0, leases > 0 else {
            throw .wrong("\(failures) failures, \(rejected) refused, \(leases) leases")
        }
        let latencies = written.flatMap(\.latencies)
        var figures = Figures("quota_\(ledgers)")
        // Every other command is the end of a call.
        figures.add(count: Int64(latencies.count / 2), of: "decisions", nanoseconds: nanoseconds)
        figures.add(latencies: latencies)
        return figures
    }

    /// Gives every user the same limit.
    private func limit(_ ledger: Ledger) throws(BenchmarkError) {
        let isSet = Semaphore()
        let change = QuotaSet(
            subject: .unknownUsers, quota: Quota(dailyLimit: Self.dailyLimit), actor: "admin")
        ledger.submit(.changeQuota(change)) { _ in isSet.signal() }
        isSet.wait()
    }
}
