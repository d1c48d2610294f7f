import LedgerCore
import LedgerRuntime
import Lifecycle
import Logging
import Threads

/// 64 commands under way, without and with a copy of the whole journal into PostgreSQL beside them, in turn.
struct LiveIngestScenario {
    private let settings: BenchmarkTool.Settings
    private static let commands = 64

    /// A scenario on the journal under the settings' home and an empty, migrated database.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Runs it, then lets the copy reach the end with nobody appending.
    func run() throws(BenchmarkError) -> Figures {
        let ledger = try Ledger.opened(settings, home: settings.home)
        defer { ledger.close() }
        var alone: [Int64] = []
        var beside: [Int64] = []
        var stored: Int64 = 0
        var chain: Int64 = 1
        for _ in 0..<settings.rounds {
            alone += try append(to: ledger, firstChain: &chain)
            let ingest = PostgresIngest(ledger: ledger, url: settings.postgresURL, log: .silent)
            do { try ingest.start() } catch { throw .failed("\(error)") }
            defer { ingest.stop() }
            // What is measured is the copy, not its search for the place to go on.
            while !ingest.currentStatus.isConnected {
                ledger.wait(after: ledger.position, milliseconds: 5, with: ledger.subscribe())
            }
            let before = ingest.currentStatus.position
            beside += try append(to: ledger, firstChain: &chain)
            stored += ingest.currentStatus.position - before
            guard ingest.currentStatus.position < ledger.position.value else {
                throw .wrong("the copy was at its end: more events are needed")
            }
        }
        let seconds = Double(settings.rounds * settings.seconds)
        var figures = Figures("ingest_live")
        figures.add(latencies: alone, of: "alone")
        figures.add(latencies: beside, of: "beside")
        figures.add("aloneEventsPerSecond", (Double(alone.count) / seconds).rounded())
        figures.add("besideEventsPerSecond", (Double(beside.count) / seconds).rounded())
        figures.add("storedPerSecond", (Double(stored) / seconds).rounded())
        let rest = PostgresIngest(ledger: ledger, url: settings.postgresURL, log: .silent)
        let first = ledger.position
        let watch = Stopwatch()
        try rest.run(until: first, of: ledger)
        figures.add("events", Double(first.value))
        figures.add("restSeconds", Double(watch.nanoseconds) / 1e9)
        return figures
    }

    /// Appends for the settings' time; returns each answer's latency.
    private func append(to ledger: Ledger, firstChain: inout Int64) throws(BenchmarkError) -> [Int64] {
        let first = ledger.position.value
        let deadline = SystemClock.monotonicNanoseconds() + settings.seconds * 1_000_000_000
        let chains = (0..<Int64(Self.commands)).map { chain in
            CommandChain(
                ledger, SampleCalls(users: settings.users), from: (firstChain + chain) << 36, until: deadline)
        }
        firstChain += Int64(Self.commands)
        for chain in chains { chain.start() }
        for chain in chains { chain.done.wait() }
        let written = chains.map(\.written)
        let latencies = written.flatMap(\.latencies)
        let failures = written.reduce(0) { $0 + $1.failures }
        guard failures == 0, ledger.position.value - first == Int64(latencies.count) else {
            throw .wrong("\(failures) failures, \(latencies.count) answers")
        }
        return latencies
    }
}
