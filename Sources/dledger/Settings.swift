import LedgerRuntime
import Terminal
import LedgerCore
import LedgerJournal
import Proxy

/// What `dledger` is told by its environment, each variable in one row of one table.
struct Settings {
    var home: String
    var origin: String
    var postgresURL: String?
    var sharedBudgets: SharedBudgets
    var bind: String
    var gatewayPort: Int
    var proxyPort: Int
    var platformPort: Int
    var metricsToken: String?
    var durability: Durability
    var isFailOpen: Bool
    var prompts: PromptPolicy
    var unknownModels: UnknownModelPolicy
    var metricsUsersMax: Int
    var pricesPath: String?
    var kernel: String?
    var proxyURL: String?
    var dispatchBilling: Bool?
    var dispatchQueueMax: Int
    var dispatchConcurrency: Int
    var dispatchTimeoutMilliseconds: Int
    var dispatchIdleTimeoutMilliseconds: Int
    var dispatchDirectory: String
    var platform: PlatformSettings

    /// Reads the variables.
    ///
    /// - Throws: a ``CommandFailure`` that names the variable and what is allowed.
    init(_ environment: Environment) throws(CommandFailure) {
        home = Self.directory(environment["LEDGER_HOME"] ?? ".ledger")
        origin = environment["LEDGER_ORIGIN"] ?? HostName.current
        guard (1...128).contains(origin.utf8.count), origin.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Self.bad("LEDGER_ORIGIN", origin, "1 to 128 visible ASCII characters") }
        postgresURL = environment["LEDGER_POSTGRES_URL"]
        sharedBudgets = try Self.choice(
            "LEDGER_SHARED_BUDGETS", environment,
            Dictionary(uniqueKeysWithValues: SharedBudgets.allCases.map { ($0.rawValue, $0) }), or: .off)
        bind = environment["LEDGER_BIND"] ?? "127.0.0.1"
        gatewayPort = try Self.integer("GATEWAY_PORT", environment, 4000, 0...65535)
        proxyPort = try Self.integer("PROXY_PORT", environment, 8080, 0...65535)
        platformPort = try Self.integer("PLATFORM_PORT", environment, 9000, 0...65535)
        metricsToken = environment["LEDGER_METRICS_TOKEN"]
        durability = try Self.choice(
            "LEDGER_DURABILITY", environment, ["fsync": Durability.fsync, "os": .os], or: .fsync)
        isFailOpen = try Self.choice("LEDGER_FAIL", environment, ["closed": false, "open": true], or: false)
        prompts = try Self.promptPolicy(environment["LEDGER_PROMPTS"] ?? "truncate:500")
        unknownModels = .reserve(nil)
        if let text = environment["LEDGER_UNKNOWN_MODELS"] {
            guard let policy = UnknownModelPolicy(text) else {
                throw Self.bad("LEDGER_UNKNOWN_MODELS", text, "deny, or reserve:USD with more than 0")
            }
            unknownModels = policy
        }
        metricsUsersMax = try Self.integer("LEDGER_METRICS_USERS_MAX", environment, 500, 1...100_000)
        pricesPath = environment["LEDGER_PRICES"]
        kernel = environment["LEDGER_KERNEL"]
        proxyURL = environment["LEDGER_PROXY_URL"]
        dispatchBilling = try Self.choice(
            "DISPATCH_BILLING", environment, ["auto": nil, "proxied": true, "direct": false], or: nil)
        dispatchQueueMax = try Self.integer("DISPATCH_QUEUE_MAX", environment, 64, 0...10_000)
        dispatchConcurrency = try Self.integer("DISPATCH_CONCURRENCY", environment, 8, 1...1_000)
        let aSecond = 1_000
        dispatchTimeoutMilliseconds = try Self.duration(
            "DISPATCH_TIMEOUT", environment, 600 * aSecond, aSecond...86_400 * aSecond)
        dispatchIdleTimeoutMilliseconds = try Self.duration(
            "DISPATCH_IDLE_TIMEOUT", environment, 120 * aSecond, aSecond...86_400 * aSecond)
        dispatchDirectory = environment["DISPATCH_DIRECTORY"] ?? home + "/kernel"
        platform = try PlatformSettings(environment)
    }

    /// The port that `service` listens on.
    func port(of service: ServiceName) -> Int {
        switch service {
        case .gateway: gatewayPort
        case .proxy: proxyPort
        case .platform: platformPort
        }
    }

    /// Works under another home.
    mutating func useHome(_ path: String) { home = Self.directory(path) }

    /// A directory's path without slashes at its end.
    static func directory(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// One row of the table.
    struct Row {
        let name: String
        let standard: String
        let meaning: String
    }

    /// Every variable.
    static let rows: [Row] = ownRows + PlatformSettings.rows

    private static let ownRows: [Row] = [
        Row(
            name: "LEDGER_HOME", standard: ".ledger", meaning: "directory of the journal and everything else"),
        Row(
            name: "LEDGER_ORIGIN", standard: "host name",
            meaning: "the identity of this journal and its writer"),
        Row(
            name: "LEDGER_POSTGRES_URL", standard: "unset",
            meaning: "libpq URI, several hosts allowed; unset: journal only, everything but SQL works"),
        Row(
            name: "LEDGER_SHARED_BUDGETS", standard: "off",
            meaning:
                "limits shared with other ledgers through PostgreSQL; while it is away calls beyond what is leased are refused (closed) or go on (open)"
        ),
        Row(name: "LEDGER_BIND", standard: "127.0.0.1", meaning: "address that the services listen on"),
        Row(name: "GATEWAY_PORT", standard: "4000", meaning: "the Gateway's port"),
        Row(name: "PROXY_PORT", standard: "8080", meaning: "the Proxy's port"),
        Row(name: "PLATFORM_PORT", standard: "9000", meaning: "the Platform's port"),
        Row(
            name: "LEDGER_ADMIN_TOKEN[_FILE]", standard: "required to serve",
            meaning: "the administrator's bearer token, or the file that holds it; at least 16 characters"),
        Row(
            name: "LEDGER_KEY_SECRET[_FILE]", standard: "required to serve",
            meaning: "the secret that users' keys are made with, or its file; at least 32 characters"),
        Row(
            name: "PLATFORM_CHART_JS", standard: AdminSource.chartScriptStandard,
            meaning: "Chart.js for the admin page; missing: the page has tables only"),
        Row(
            name: "LEDGER_METRICS_TOKEN", standard: "unset",
            meaning: "bearer token that /metrics then asks for"),
        Row(
            name: "ANTHROPIC_API_URL", standard: "https://api.anthropic.com",
            meaning: "where Anthropic calls go"),
        Row(
            name: "ANTHROPIC_API_KEY", standard: "unset", meaning: "the key for it; unset: its calls get 503"),
        Row(name: "OPENAI_API_URL", standard: "https://api.openai.com", meaning: "where OpenAI calls go"),
        Row(name: "OPENAI_API_KEY", standard: "unset", meaning: "the key for it; unset: its calls get 503"),
        Row(
            name: "GEMINI_API_URL", standard: "https://generativelanguage.googleapis.com",
            meaning: "where Gemini calls go"),
        Row(name: "GEMINI_API_KEY", standard: "unset", meaning: "the key for it; unset: its calls get 503"),
        Row(name: "LEDGER_PRICES", standard: "built in", meaning: "price book file; see docs/prices.md"),
        Row(
            name: "LEDGER_UNKNOWN_MODELS", standard: "the price book's reserve",
            meaning: "calls to models without a price: deny, or reserve:USD to hold that much for each"),
        Row(
            name: "LEDGER_DURABILITY", standard: "fsync",
            meaning: "fsync: survives a power cut; os: survives a crash of this process"),
        Row(
            name: "LEDGER_FAIL", standard: "closed",
            meaning:
                "while the journal cannot be written: closed refuses calls, open lets them pass unrecorded"),
        Row(
            name: "LEDGER_PROMPTS", standard: "truncate:500",
            meaning: "what is recorded of prompts: truncate:N characters, hash, or off"),
        Row(
            name: "LEDGER_KERNEL", standard: "unset: runs get 503",
            meaning: "what runs agents: command:PROGRAM ARGS, messages:MODEL or http:URL; see docs/kernels.md"
        ),
        Row(
            name: "LEDGER_PROXY_URL", standard: "http://127.0.0.1:PROXY_PORT",
            meaning: "the Proxy that kernels call models through"),
        Row(
            name: "DISPATCH_QUEUE_MAX", standard: "64",
            meaning: "messages that may wait for a slot; one more gets 503"),
        Row(name: "DISPATCH_CONCURRENCY", standard: "8", meaning: "kernels that run at the same time"),
        Row(
            name: "DISPATCH_TIMEOUT", standard: "10m",
            meaning: "how long a run may take, its wait included: 90s, 10m, 1h"),
        Row(
            name: "DISPATCH_IDLE_TIMEOUT", standard: "2m",
            meaning: "how long nothing may come from a kernel"),
        Row(
            name: "DISPATCH_DIRECTORY", standard: "LEDGER_HOME/kernel",
            meaning: "the directory that a command kernel runs in"),
        Row(
            name: "DISPATCH_BILLING", standard: "auto",
            meaning:
                "auto: a run with calls in this ledger is a memo, any other is money; proxied or direct: all are"
        ),
        Row(
            name: "ALERT_WEBHOOK_SECRET[_FILE]", standard: "unset: alerts get 503",
            meaning: "what /api/alert asks for, as bearer token or HMAC; at least 16 characters"),
        Row(
            name: "LEDGER_METRICS_USERS_MAX", standard: "500",
            meaning: "users with series of their own; the rest is user=\"_other\""),
        Row(name: "LEDGER_LOG_LEVEL", standard: "info", meaning: "debug, info, warning or error"),
    ]

    /// The text of `dledger help config`.
    static var table: String {
        let names = rows.map(\.name.count).max() ?? 0
        let standards = rows.map(\.standard.count).max() ?? 0
        var text = "Environment variables:\n\n"
        for row in rows {
            text += "  \(row.name)\(String(repeating: " ", count: names - row.name.count))  \(row.standard)"
            text += "\(String(repeating: " ", count: standards - row.standard.count))  \(row.meaning)\n"
        }
        return text
    }

    static func bad(_ name: String, _ value: String, _ allowed: String) -> CommandFailure {
        CommandFailure(ExitCode.usage, "\(name) is \"\(value.prefix(100))\"; allowed: \(allowed)")
    }

    private static func integer(
        _ name: String, _ environment: Environment, _ standard: Int, _ range: ClosedRange<Int>
    ) throws(CommandFailure) -> Int {
        guard let text = environment[name] else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw bad(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Milliseconds, written as `500ms`, `90s`, `10m` or `1h`.
    static func duration(
        _ name: String, _ environment: Environment, _ standard: Int, _ range: ClosedRange<Int>
    ) throws(CommandFailure) -> Int {
        guard let text = environment[name] else { return standard }
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), (0...86_400_000).contains(count) else {
                continue
            }
            if range.contains(count * factor) { return count * factor }
        }
        throw bad(
            name, text,
            "a duration such as 90s, 10m or 1h, from \(range.lowerBound / 1_000)s to \(range.upperBound / 3_600_000)h"
        )
    }

    private static func choice<Value>(
        _ name: String, _ environment: Environment, _ choices: [String: Value], or standard: Value
    ) throws(CommandFailure) -> Value {
        guard let text = environment[name] else { return standard }
        guard let value = choices[text] else {
            throw bad(name, text, choices.keys.sorted().joined(separator: ", "))
        }
        return value
    }

    private static func promptPolicy(_ text: String) throws(CommandFailure) -> PromptPolicy {
        switch text {
        case "hash": return .hash
        case "off": return .off
        default:
            let parts = text.split(separator: ":")
            guard parts.count == 2, parts[0] == "truncate", let count = Int(parts[1]),
                (0...10_000).contains(count)
            else { throw bad("LEDGER_PROMPTS", text, "truncate:N with N from 0 to 10000, hash, off") }
            return .truncate(count)
        }
    }
}
