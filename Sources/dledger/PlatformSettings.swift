import Gateway
import Terminal

/// What the Platform is told by its environment, each variable in one row of one table.
struct PlatformSettings {
    var engine: String
    var image: String?
    var command: [String]?
    var namePrefix: String
    var network: String?
    var memoryLimitBytes: Int64?
    var cpuLimitMillicores: Int64?
    var statsIntervalMilliseconds: Int
    var grafanaURL: String

    /// Reads the variables.
    ///
    /// - Throws: a ``CommandFailure`` that names the variable and what is allowed.
    init(_ environment: Environment) throws(CommandFailure) {
        engine = environment["DOCKER_HOST"] ?? "unix:///var/run/docker.sock"
        image = environment["PLATFORM_IMAGE"]
        if let text = environment["PLATFORM_COMMAND"] {
            guard let words = CommandWords.split(text), !words.isEmpty else {
                throw Settings.bad("PLATFORM_COMMAND", text, "a command whose quotes are closed")
            }
            command = words
        }
        namePrefix = environment["PLATFORM_CONTAINER_PREFIX"] ?? "matrixos-"
        guard Self.isPrefix(namePrefix) else {
            throw Settings.bad(
                "PLATFORM_CONTAINER_PREFIX", namePrefix,
                "1 to 64 of A–Z a–z 0–9 . _ -, beginning with a letter or digit")
        }
        network = environment["PLATFORM_NETWORK"]
        memoryLimitBytes = try environment["PLATFORM_MEMORY_LIMIT"].map { text throws(CommandFailure) in
            guard let bytes = Self.bytes(text), bytes >= 6 << 20 else {
                throw Settings.bad("PLATFORM_MEMORY_LIMIT", text, "6m or more: 512m, 2g, or bytes")
            }
            return bytes
        }
        cpuLimitMillicores = try environment["PLATFORM_CPU_LIMIT"].map { text throws(CommandFailure) in
            guard let millicores = Self.millicores(text), (10...1_024_000).contains(millicores) else {
                throw Settings.bad("PLATFORM_CPU_LIMIT", text, "cores, from 0.01 to 1024: 0.5, 2")
            }
            return millicores
        }
        statsIntervalMilliseconds = try Settings.duration(
            "STATS_INTERVAL", environment, 15_000, 1_000...3_600_000)
        grafanaURL = environment["GRAFANA_URL"] ?? "http://localhost:3200"
        guard grafanaURL.hasPrefix("http://") || grafanaURL.hasPrefix("https://") else {
            throw Settings.bad("GRAFANA_URL", grafanaURL, "a URL that begins with http:// or https://")
        }
    }

    /// Every variable.
    static let rows: [Settings.Row] = [
        Settings.Row(
            name: "DOCKER_HOST", standard: "unix:///var/run/docker.sock",
            meaning: "the container engine: unix:///PATH or tcp://HOST:PORT"),
        Settings.Row(
            name: "PLATFORM_IMAGE", standard: "unset: provisioning gets 503",
            meaning: "the image that containers run; the engine must have it"),
        Settings.Row(
            name: "PLATFORM_COMMAND", standard: "the image's own", meaning: "what containers run, in words"),
        Settings.Row(
            name: "PLATFORM_CONTAINER_PREFIX", standard: "matrixos-",
            meaning: "what containers' names begin with; the handle follows"),
        Settings.Row(
            name: "PLATFORM_NETWORK", standard: "the engine's own",
            meaning: "the network that containers are in; none is allowed"),
        Settings.Row(
            name: "PLATFORM_MEMORY_LIMIT", standard: "none", meaning: "memory of a container: 512m, 2g"),
        Settings.Row(
            name: "PLATFORM_CPU_LIMIT", standard: "none", meaning: "cores of a container: 0.5, 2"),
        Settings.Row(
            name: "STATS_INTERVAL", standard: "15s", meaning: "the pause between two looks at containers"),
        Settings.Row(
            name: "GRAFANA_URL", standard: "http://localhost:3200",
            meaning: "where the admin page's link to Grafana goes"),
    ]

    private static func isPrefix(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isWord = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...64).contains(bytes.count), let first = bytes.first, isWord(first) else { return false }
        return bytes.allSatisfy { isWord($0) || "._-".utf8.contains($0) }
    }

    /// Bytes, written as `512m`, `2g`, `1024k` or a plain number.
    static func bytes(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30)]
        var digits = text.lowercased()
        var factor: Int64 = 1
        for (unit, size) in units where digits.hasSuffix(unit) {
            digits.removeLast()
            factor = size
            break
        }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int64(digits)
        else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// Thousandths of a core, written as `0.5` or `2`; exact.
    static func millicores(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...4).contains(parts[0].count),
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let whole = Int64(parts[0])
        else { return nil }
        guard parts.count == 2 else { return whole * 1_000 }
        guard (1...3).contains(parts[1].count) else { return nil }
        let padded = String(parts[1]) + String(repeating: "0", count: 3 - parts[1].count)
        return Int64(padded).map { whole * 1_000 + $0 }
    }
}
