import LedgerCore

/// Model calls that look like those of a platform: some users, some models, usage in several buckets.
///
/// The same number gives the same call in every run.
struct SampleCalls {
    /// Whose calls they are.
    let users: [UserID]
    private static let models = [
        ("anthropic", "claude-sonnet-4-5", "messages"), ("anthropic", "claude-opus-4-1", "messages"),
        ("openai", "gpt-5", "responses"), ("openai", "gpt-4o-mini", "chat_completions"),
        ("anthropic", "claude-haiku-4-5", "messages"), ("gemini", "gemini-2.5-pro", "generateContent"),
        ("openai", "gpt-4.1", "chat_completions"), ("gemini", "gemini-2.5-flash", "generateContent"),
    ]
    /// Of sixteen calls, how many go to each of the user's models, from the favourite on.
    private static let shares = [9, 13, 15, 16]

    /// Calls of this many users.
    init(users count: Int) { users = (0..<count).compactMap { UserID("user-\($0)") } }

    /// The call with this number.
    ///
    /// A user has a favourite model, two more, and now and then a fourth.
    func identity(_ number: Int64, in dispatch: DispatchIdentity? = nil) -> CallIdentity {
        let mixed = Self.mix(UInt64(number))
        let user = dispatch?.user ?? users[Int(mixed % UInt64(users.count))]
        let share = Int(mixed >> 32 & 15)
        let rank = Self.shares.firstIndex { share < $0 } ?? 0
        let favourite = Int(Self.mix(UInt64(user.text.utf8.reduce(0) { $0 &* 31 &+ Int($1) })) & 7)
        let model = Self.models[(favourite + rank * 3) % Self.models.count]
        return CallIdentity(
            callID: UniqueID(bits: UInt128(UInt64(number)) << 64 | UInt128(mixed)),
            user: user, source: dispatch?.source ?? "proxy", provider: model.0,
            model: model.1, api: model.2, dispatchID: dispatch?.dispatchID.text,
            sessionID: dispatch?.sessionID ?? "session-\(mixed % 1_000)")
    }

    /// The agent run with this number.
    func dispatch(_ number: Int64) -> DispatchIdentity {
        let mixed = Self.mix(UInt64(number) ^ 0xD15B)
        return DispatchIdentity(
            dispatchID: UniqueID(bits: UInt128(mixed) << 64 | UInt128(UInt64(number))),
            user: users[Int(mixed % UInt64(users.count))],
            source: ["web", "api", "cron"][Int(mixed >> 40 & 0xFF) % 3],
            sessionID: "session-\(mixed % 1_000)", kernel: "command")
    }

    /// The end of an agent run that made so many calls.
    func completed(_ dispatch: DispatchIdentity, calls: Int64) -> DispatchCompleted {
        let mixed = Self.mix(UInt64(truncatingIfNeeded: dispatch.dispatchID.bits))
        return DispatchCompleted(
            dispatch: dispatch, billing: .proxied, result: mixed % 50 == 0 ? .error : .ok,
            provider: "anthropic", model: "claude-sonnet-4-5", calls: calls, usageSource: .providerFinal,
            cost: .priced(.zero), priceBook: Self.priceBook, durationMilliseconds: Int64(mixed % 300_000))
    }

    /// A user's limits.
    func quota(of user: UserID) -> QuotaSet {
        QuotaSet(
            user: user, quota: Quota(dailyLimit: Self.dailyLimit, monthlyLimit: Self.monthlyLimit),
            actor: "admin")
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
        let amount = Money(
            attos: Int128(microdollars) * 1_000_000_000_000 + Int128(usage.cacheRead) * 300_000_000_000)
        // Of a hundred calls one is estimated, of two hundred one has no price.
        let cost: Cost =
            switch mixed >> 40 % 200 {
            case 0: .unpriced(holding: Self.reserved)
            case 1, 2: .estimated(amount)
            default: .priced(amount)
            }
        return CallSettled(
            call: call, result: .ok, status: 200, usage: usage, usageSource: .providerFinal,
            cost: cost, priceBook: Self.priceBook, serviceTier: "standard",
            providerRequestID: "msg_01AbCdEfGhIjKlMnOpQrStUv", durationMilliseconds: Int64(mixed % 30_000),
            prompt: "Summarise the open incidents of the last day and propose one next step for each.")
    }

    private static let priceBook = "b5bb9d8014a0f9b1d61e21e796d78dcc"
    private static let dailyLimit = Money(attos: 100_000_000_000_000_000_000)
    private static let monthlyLimit = Money(attos: 2_000_000_000_000_000_000_000)
    private static let reserved = Money(attos: 90_000_000_000_000_000)

    /// The finaliser of SplitMix64.
    private static func mix(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
