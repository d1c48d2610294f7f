import HTTP

/// What the `x-simulate-` fields of a request ask for.
///
/// A field that means nothing is an error: a test that misspells its fault must not pass.
struct SimulationControls: Equatable {
    /// How an answer goes wrong.
    enum Fault: String, CaseIterable {
        /// Broken off in the middle.
        case resetMidStream = "reset-mid-stream"
        /// Ends too early, in good order for HTTP.
        case truncate
        /// Leaves out all usage.
        case noUsage = "no-usage"
        /// Stays silent: before the head, or in the middle of a stream.
        case hang
        /// From the middle on, events are no JSON.
        case malformedSSE = "malformed-sse"
        /// Promises more bytes than come.
        case badContentLength = "bad-content-length"
        /// An error event in the middle of a stream, and no more.
        case errorMidStream = "error-midstream"
    }

    /// Tokens that come from a cache or go to one.
    struct Cache: Equatable {
        var read: Int64 = 0
        var write5m: Int64 = 0
        var write1h: Int64 = 0
    }

    static let delayMillisecondsMax: Int64 = 600_000
    static let tokensMax: Int64 = 10_000_000

    private(set) var delayMilliseconds: UInt64 = 0
    private(set) var chunkDelayMilliseconds: UInt64 = 0
    private(set) var status: Int?
    private(set) var outputTokens: Int64?
    private(set) var cache = Cache()
    private(set) var tier: String?
    private(set) var fault: Fault?
    private(set) var model: String?
    private(set) var tool: String?

    /// Reads the fields; the error says which one is wrong.
    init(_ headers: HTTPHeaders) throws(ProviderRefusal) {
        // Most requests have none: a look at a few bytes instead of every text.
        var hasAny = false
        headers.forEachRaw { name, _ in
            let isCandidate = name.count > 11 && name[1] == UInt8(ascii: "-") && name[10] == UInt8(ascii: "-")
            if isCandidate, name[0] | 0x20 == UInt8(ascii: "x") { hasAny = true }
        }
        guard hasAny else { return }
        for (name, value) in headers where name.lowercased().hasPrefix("x-simulate-") {
            guard take(name.lowercased().dropFirst(11), value) else {
                throw .badRequest("\(name): `\(value)` is not understood")
            }
        }
    }

    private mutating func take(_ name: Substring, _ value: String) -> Bool {
        switch name {
        case "delay-ms":
            guard let delay = Self.number(value, Self.delayMillisecondsMax) else { return false }
            delayMilliseconds = UInt64(delay)
        case "chunk-delay-ms":
            guard let delay = Self.number(value, Self.delayMillisecondsMax) else { return false }
            chunkDelayMilliseconds = UInt64(delay)
        case "status":
            guard let number = Int(value), (400...599).contains(number) else { return false }
            status = number
        case "output-tokens":
            guard let count = Self.number(value, Self.tokensMax) else { return false }
            outputTokens = count
        case "cache": return take(cache: value)
        case "fault":
            guard let found = Fault(rawValue: value) else { return false }
            fault = found
        case "tier": tier = value
        case "model": model = value
        case "tool": tool = value
        default: return false
        }
        return !value.isEmpty
    }

    private mutating func take(cache text: String) -> Bool {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=")
            guard pair.count == 2, let count = Self.number(pair[1], Self.tokensMax) else { return false }
            switch pair[0].filter({ $0 != " " }) {
            case "read", "cached": cache.read = count
            case "write", "write5m": cache.write5m = count
            case "write1h": cache.write1h = count
            default: return false
            }
        }
        return true
    }

    private static func number(_ text: some StringProtocol, _ max: Int64) -> Int64? {
        guard let number = Int64(text), (0...max).contains(number) else { return nil }
        return number
    }
}
