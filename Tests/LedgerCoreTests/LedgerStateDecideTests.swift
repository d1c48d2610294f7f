import LedgerCore
import Testing

@Suite("LedgerState, decide")
struct LedgerStateDecideTests {
    private let alice: UserID
    private var ledger: Recorder

    init() throws {
        alice = try user("alice")
        ledger = try Recorder(at: "2026-11-24T22:00:00Z")
    }

    private func reserve(_ number: Int, _ cost: String, tokens: Int64 = 0) throws -> Command {
        .reserve(
            call(number, of: alice), Estimate(cost: try usd(cost), tokens: tokens), priceBook: "book",
            isPriced: true)
    }

    private mutating func limit(
        day: String? = nil, month: String? = nil, tokens: Int64? = nil, isEnabled: Bool = true
    ) throws {
        let quota = Quota(
            dailyLimit: try day.map(usd), monthlyLimit: try month.map(usd), dailyTokens: tokens,
            isEnabled: isEnabled)
        try ledger.run(.setQuota(alice, quota, actor: "admin"))
    }

    private func refusal() throws -> QuotaLimit {
        guard case .callRejected(let event) = ledger.last else {
            throw Unexpected(event: ledger.last)
        }
        return event.limit
    }

    private struct Unexpected: Error { let event: Event? }

    @Test("admits anybody without limits")
    mutating func unlimited() throws {
        try ledger.run(try reserve(1, "1000000", tokens: 1 << 40))
        #expect(ledger.state.open.count == 1)
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.reserved == (try usd("1000000")))
    }

    @Test("admits up to the limit exactly, and refuses the smallest amount above it")
    mutating func dailyLimit() throws {
        try limit(day: "10")
        try ledger.run(try reserve(1, "9.999999999999999999"))
        try ledger.run(try reserve(2, "0.000000000000000001"))
        #expect(ledger.state.open.count == 2)
        try ledger.run(try reserve(3, "0.000000000000000001"))
        #expect(ledger.state.open.count == 2)
        let expected = QuotaLimit(
            kind: .dailyCost, limit: try usd("10").attos, used: 0, reserved: try usd("10").attos,
            retryAt: try moment("2026-11-25T00:00:00Z"))
        #expect(try refusal() == expected)
        try ledger.run(try reserve(4, "0"))
        #expect(ledger.state.open.count == 3)
    }

    @Test("refuses by month until the next month")
    mutating func monthlyLimit() throws {
        try limit(day: "10", month: "15")
        ledger.now = try moment("2026-12-30T08:00:00Z")
        try ledger.run(try reserve(1, "9"))
        ledger.now = try moment("2026-12-31T23:59:59.999999Z")
        try ledger.run(try reserve(2, "9"))
        #expect(try refusal().kind == .monthlyCost)
        #expect(try refusal().retryAt == moment("2027-01-01T00:00:00Z"))
        ledger.now = try moment("2027-01-01T00:00:00Z")
        try ledger.run(try reserve(3, "9"))
        #expect(ledger.state.open.count == 2)
    }

    @Test("refuses by tokens, open ones included")
    mutating func tokens() throws {
        try limit(tokens: 1_000)
        try ledger.run(try reserve(1, "1", tokens: 600))
        try ledger.run(
            .settle(settled(call(1, of: alice), .priced(try usd("1")), input: 100, output: 200)))
        try ledger.run(try reserve(2, "1", tokens: 500))
        try ledger.run(try reserve(3, "1", tokens: 201))
        let midnight = try moment("2026-11-25T00:00:00Z")
        #expect(
            try refusal()
                == QuotaLimit(kind: .dailyTokens, limit: 1_000, used: 300, reserved: 500, retryAt: midnight))
        try ledger.run(try reserve(4, "1", tokens: 200))
        #expect(ledger.state.open.count == 2)
    }

    @Test("a disabled user is refused, and waiting does not help")
    mutating func disabled() throws {
        try limit(isEnabled: false)
        try ledger.run(try reserve(1, "0"))
        #expect(try refusal() == QuotaLimit(kind: .disabled, limit: 0, used: 0, reserved: 0, retryAt: nil))
        try ledger.run(.removeQuota(alice, actor: "admin"))
        try ledger.run(try reserve(1, "0"))
        #expect(ledger.state.open.count == 1)
    }

    @Test("64 simultaneous reservations of a new user never exceed the limit")
    mutating func simultaneous() throws {
        try limit(day: "10")
        for number in 1...64 { try ledger.run(try reserve(number, "0.3")) }
        #expect(ledger.state.open.count == 33)
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.reserved == (try usd("9.9")))
    }

    @Test("a clock set back neither reopens yesterday nor promises an earlier retry")
    mutating func clockBack() throws {
        try limit(day: "10")
        ledger.now = try moment("2026-11-25T00:30:00Z")
        try ledger.run(try reserve(1, "10"))
        ledger.now = try moment("2026-11-24T23:30:00Z")
        try ledger.run(try reserve(2, "1"))
        #expect(try refusal().retryAt == moment("2026-11-26T00:00:00Z"))
        #expect(try refusal().reserved == usd("10").attos)
        #expect(zip(ledger.events, ledger.events.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp })
    }

    @Test("one identifier is open once, and ends once")
    mutating func twice() throws {
        let id = call(1, of: alice).callID
        try ledger.run(try reserve(1, "1"))
        let again = try reserve(1, "1")
        #expect(ledger.rejection(of: again) == .alreadyReserved(id))
        let settle = Command.settle(settled(call(1, of: alice), .priced(try usd("0.5"))))
        try ledger.run(settle)
        for command in [settle, .expire(id, .restart)] {
            #expect(ledger.rejection(of: command) == .notReserved(id))
        }
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.used == (try usd("0.5")))
    }

    @Test("another user cannot settle the call")
    mutating func anotherUser() throws {
        try ledger.run(try reserve(1, "1"))
        let foreign = settled(call(1, of: try user("bob")), .priced(.zero))
        #expect(ledger.rejection(of: .settle(foreign)) == .anotherUser(foreign.call.callID))
    }

    @Test("negative and impossible figures are refused")
    mutating func negative() throws {
        try ledger.run(try reserve(1, "1"))
        var late = settled(call(1, of: alice), .priced(.zero))
        late.durationMilliseconds = -1
        let commands: [Command] = [
            try reserve(2, "-0.1"), try reserve(2, "1", tokens: -1), .settle(late),
            .settle(settled(call(1, of: alice), .priced(try usd("-1")))),
            .settle(settled(call(1, of: alice), .unpriced(holding: try usd("-1")))),
            .settle(settled(call(1, of: alice), .priced(.zero), input: -1)),
            .settle(settled(call(1, of: alice), .priced(.zero), output: .max)),
            .setQuota(alice, Quota(dailyLimit: try usd("-1")), actor: "a"),
            .setQuota(alice, Quota(monthlyLimit: try usd("-1")), actor: "a"),
            .setQuota(alice, Quota(dailyTokens: -1), actor: "a"),
        ]
        for command in commands {
            #expect(ledger.rejection(of: command) == .negative)
        }
    }

    @Test("limits that are not there cannot be removed, and the same prices are not published twice")
    mutating func repeats() throws {
        #expect(ledger.rejection(of: .removeQuota(alice, actor: "admin")) == .noLimits(.user(alice)))
        let prices = PricesPublished(priceBook: "book", models: 1, source: "file")
        try ledger.run(.publishPrices(prices))
        try ledger.run(.publishPrices(prices))
        #expect(ledger.events.count == 1)
    }
}
