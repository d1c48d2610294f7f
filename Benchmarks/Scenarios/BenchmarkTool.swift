import Terminal

/// Runs the scenarios that the words name; each prints one JSON line.
///
/// `Benchmarks [--home DIR] [--events N] [--seconds S] [--rounds N] [--users N] [--days N]
/// [--calls-per-dispatch N] [--rate N] [--postgres URL] [--durability fsync|os] SCENARIO…`
enum BenchmarkTool {
    /// What a scenario is given.
    struct Settings {
        var home = "/tmp/ledger-benchmarks"
        var events: Int64 = 1_000_000
        var seconds: Int64 = 3
        var rounds: Int64 = 3
        var users = 1_000
        /// What a generated journal covers, up to now; nil: twenty events a second.
        var days: Int64?
        /// How many calls of a generated journal belong to one agent run; nil: none do.
        var callsPerDispatch: Int64?
        /// How many events a second a trickle has.
        var rate: Int64 = 100
        var postgresURL = ""
        var isSynced = true
    }

    /// Runs what `arguments` say; returns the exit code.
    static func run(_ arguments: [String]) -> Int32 {
        var settings = Settings()
        var scenarios: [String] = []
        var words = arguments[...]
        while let word = words.popFirst() {
            guard word.hasPrefix("--") else {
                scenarios.append(word)
                continue
            }
            guard let value = words.popFirst(), set(word, to: value, in: &settings) else {
                return fail("bad option \(word)", code: 64)
            }
        }
        for scenario in scenarios {
            do throws(BenchmarkError) {
                Terminal.write(try measure(scenario, settings).line + "\n")
            } catch { return fail("\(scenario): \(error)", code: 1) }
        }
        return 0
    }

    private static func set(_ option: String, to value: String, in settings: inout Settings) -> Bool {
        if option == "--home" {
            settings.home = value
            return true
        }
        if option == "--postgres" {
            settings.postgresURL = value
            return true
        }
        if option == "--durability" {
            settings.isSynced = value == "fsync"
            return ["fsync", "os"].contains(value)
        }
        guard let number = Int64(value), number > 0 else { return false }
        switch option {
        case "--events": settings.events = number
        case "--seconds": settings.seconds = number
        case "--rounds": settings.rounds = number
        case "--days": settings.days = number
        case "--calls-per-dispatch": settings.callsPerDispatch = number
        case "--users": settings.users = Int(number)
        case "--rate": settings.rate = number
        default: return false
        }
        return true
    }

    private static func measure(_ name: String, _ settings: Settings) throws(BenchmarkError) -> Figures {
        let parts = name.split(separator: "_")
        if parts.count == 2, let writers = Int(parts[1]), (1...1_024).contains(writers) {
            if parts[0] == "append" { return try AppendScenario(settings, writers: writers).run() }
            if parts[0] == "quota" { return try QuotaScenario(settings, ledgers: writers).run() }
            if parts[0] == "outstanding" {
                return try OutstandingScenario(settings, commands: writers).run()
            }
        }
        switch name {
        case "generate": return try JournalGenerator(settings).run()
        case "replay": return try ReplayScenario(settings).run(verifyingChain: false)
        case "replay_chain": return try ReplayScenario(settings).run(verifyingChain: true)
        case "ingest": return try IngestScenario(settings).run()
        case "trickle": return try TrickleScenario(settings).run()
        case "ingest_live": return try LiveIngestScenario(settings).run()
        case "decide": return PureScenario(settings).decide()
        case "encode": return PureScenario(settings).encode()
        case "decode": return try PureScenario(settings).decode()
        case "scrape": return try ScrapeScenario(settings).run()
        default: throw .unknown(name)
        }
    }

    private static func fail(_ text: String, code: Int32) -> Int32 {
        Terminal.note("Benchmarks: \(text)")
        return code
    }
}

/// Why a scenario has no figure.
enum BenchmarkError: Error {
    /// No scenario is called so.
    case unknown(String)
    /// The ledger failed; the text says how.
    case failed(String)
    /// The figures would be those of a wrong run; the text says what is wrong.
    case wrong(String)
}
