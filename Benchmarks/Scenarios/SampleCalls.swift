import LedgerCore

/// Model calls that look like those of a platform: some users, some models, usage in several buckets.
///
/// The same number gives the same call in every run.
struct SampleCalls {
    private let users: [UserID]
    private static let models = [
        ("anthropic", "claude-sonnet-4-5", "messages"), ("anthropic", "claude-opus-4-1", "messages"),
        ("openai", "gpt-5", "responses"), ("openai", "gpt-4o-mini", "chat_completions"),
    ]

    /// Calls of this many users.
    init(users count: Int) { users = (0..<count).compactMap { UserID("user-\($0)") } }

    /// The call with this number.
    func identity(_ number: Int64) -> CallIdentity {
        let mixed = Self.mix(UInt64(number))
        let model = Self.models[Int(mixed >> 32) % Self.models.count]
        return CallIdentity(
            callID: UniqueID(bits: UInt128(UInt64(number)) << 64 | UInt128(mixed)),
            user: users[Int(mixed % UInt64(users.count))], source: "proxy", provider: model.0,
            model: model.1, api: model.2, sessionID: "session-\(mixed % 1_000)")
    }

    /// The command that admits it.
    func reserve(_ call: CallIdentity) -> Command {
        .reserve(
            call, Estimate(cost: Self.reserved, tokens: 6_000), priceBook: Self.priceBook, isPriced: true)
    }

    /// Its reservation, as an event.
    func reserved(_ call: CallIdentity) -> CallReserved {
        CallReserved(
            call: call, reserved: Self.reserved, reservedTokens: 6_000, priceBook: Self.priceBook,
            isPriced: true)
    }

    /// Its end.
    func settled(_ call: CallIdentity) -> CallSettled {
        let mixed = Self.mix(UInt64(truncatingIfNeeded: call.callID.bits >> 64))
        var usage = Usage()
        usage.input = Int64(mixed % 2_000)
        usage.cacheRead = Int64(mixed >> 11 % 4_000)
        usage.output = Int64(mixed >> 24 % 900)
        let microdollars = usage.input * 3 + usage.output * 15
        let cost = Money(
            attos: Int128(microdollars) * 1_000_000_000_000 + Int128(usage.cacheRead) * 300_000_000_000)
        return CallSettled(
            call: call, result: .ok, status: 200, usage: usage, usageSource: .providerFinal,
            cost: .priced(cost), priceBook: Self.priceBook, serviceTier: "standard",
            providerRequestID: "msg_01AbCdEfGhIjKlMnOpQrStUv", durationMilliseconds: Int64(mixed % 30_000),
            prompt: "Summarise the open incidents of the last day and propose one next step for each.")
    }

    private static let priceBook = "b5bb9d8014a0f9b1d61e21e796d78dcc"
    private static let reserved = Money(attos: 90_000_000_000_000_000)

    /// The finaliser of SplitMix64.
    private static func mix(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
