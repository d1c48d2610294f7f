import LedgerCore
import Testing

@Suite("LedgerState, evolve")
struct LedgerStateEvolveTests {
    private let alice: UserID
    private var ledger: Recorder

    init() throws {
        alice = try user("alice")
        ledger = try Recorder(at: "2026-11-24T23:00:00Z")
    }

    private mutating func reserve(_ number: Int, _ cost: String, tokens: Int64 = 10) throws {
        try ledger.run(
            .reserve(
                call(number, of: alice), Estimate(cost: try usd(cost), tokens: tokens), priceBook: "book",
                isPriced: true))
    }

    private mutating func settle(_ number: Int, _ cost: Cost) throws {
        try ledger.run(.settle(settled(call(number, of: alice), cost, input: 3, output: 4)))
    }

    private var budget: Budget { ledger.state.budget(of: alice, at: ledger.now) }

    @Test("a settlement replaces the hold by the real price")
    mutating func settlement() throws {
        try reserve(1, "2")
        #expect(budget.day.reserved == (try usd("2")))
        #expect(budget.day.reservedTokens == 10)
        try settle(1, .priced(try usd("0.75")))
        for window in [budget.day, budget.month] {
            #expect(window.reserved == .zero)
            #expect(window.reservedTokens == 0)
            #expect(window.used == (try usd("0.75")))
            #expect(window.tokens == 7)
        }
        #expect(ledger.state.open.isEmpty)
    }

    @Test("a call is charged to the day that reserved it")
    mutating func dayBoundary() throws {
        try reserve(1, "2")
        try reserve(2, "3")
        ledger.now = try moment("2026-11-25T00:00:01Z")
        #expect(budget.day == BudgetWindow(start: ledger.now.day))
        try settle(1, .priced(try usd("1")))
        #expect(budget.day == BudgetWindow(start: ledger.now.day))
        try reserve(3, "4")
        try settle(2, .priced(try usd("1")))
        #expect(budget.day.used == .zero)
        #expect(budget.day.reserved == (try usd("4")))
        #expect(budget.month.used == (try usd("2")))
        #expect(budget.month.reserved == (try usd("4")))
    }

    @Test("a call is charged to the month that reserved it")
    mutating func monthBoundary() throws {
        ledger.now = try moment("2026-11-30T23:59:59Z")
        try reserve(1, "2")
        ledger.now = try moment("2026-12-01T00:00:00Z")
        try reserve(2, "1")
        try settle(1, .priced(try usd("2")))
        #expect(budget.month.used == .zero)
        #expect(budget.month.reserved == (try usd("1")))
        try settle(2, .priced(try usd("1")))
        #expect(budget.month.used == (try usd("1")))
        #expect(budget.month.reserved == .zero)
    }

    @Test("an expiry counts the whole hold as spent, marked estimated")
    mutating func expiry() throws {
        try reserve(1, "2", tokens: 500)
        try ledger.run(.expire(call(1, of: alice).callID, .restart))
        #expect(budget.day.used == (try usd("2")))
        #expect(budget.day.tokens == 500)
        #expect(budget.day.reserved == .zero)
        let expected = CallExpired(
            call: call(1, of: alice), cost: .estimated(try usd("2")), reason: .restart)
        #expect(ledger.last == .callExpired(expected))
    }

    @Test("a call without a price keeps its hold against the limit")
    mutating func unpriced() throws {
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("2.5")), actor: "admin"))
        try reserve(1, "1")
        try settle(1, .unpriced(holding: try usd("1")))
        try reserve(2, "1")
        try settle(2, .unpriced(holding: try usd("1")))
        try reserve(3, "1")
        #expect(ledger.state.open.isEmpty)
        #expect(budget.day.used == (try usd("2")))
    }

    @Test("a price above the hold is recorded whole and stops the next call")
    mutating func overshoot() throws {
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("2")), actor: "admin"))
        try reserve(1, "1")
        try settle(1, .priced(try usd("5")))
        #expect(budget.day.used == (try usd("5")))
        try reserve(2, "0")
        #expect(ledger.state.open.isEmpty)
    }

    @Test("a limit lowered in flight lets open calls end and stops new ones")
    mutating func lowered() throws {
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
        try reserve(1, "8")
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("5")), actor: "admin"))
        try reserve(2, "1")
        #expect(ledger.state.open.count == 1)
        try settle(1, .priced(try usd("1")))
        try reserve(3, "4")
        #expect(ledger.state.open.count == 1)
    }

    @Test("500 open calls end by restart, and not one amount is lost")
    mutating func restart() throws {
        for number in 1...500 { try reserve(number, "0.01") }
        for id in ledger.state.open.keys { try ledger.run(.expire(id, .restart)) }
        #expect(ledger.state.open.isEmpty)
        #expect(budget.day.used == (try usd("5")))
        #expect(budget.day.reserved == .zero)
    }

    @Test("events that contradict the state change nothing but the time")
    mutating func foreign() throws {
        let before = ledger.state
        ledger.record(.callSettled(settled(call(9, of: alice), .priced(try usd("1")))))
        ledger.record(
            .callExpired(
                CallExpired(call: call(9, of: alice), cost: .estimated(try usd("1")), reason: .restart)))
        ledger.record(.quotaRemoved(QuotaRemoved(user: alice, actor: "x")))
        #expect(ledger.state.budgets == before.budgets)
        #expect(ledger.state.open == before.open)
    }

    @Test("folding the record again gives the same state")
    mutating func replay() throws {
        try ledger.run(.publishPrices(PricesPublished(priceBook: "b", models: 1, source: "f")))
        try ledger.run(.setQuota(alice, Quota(dailyTokens: 100), actor: "admin"))
        for number in 1...20 {
            ledger.now = Timestamp(microseconds: ledger.now.microseconds + 600_000_000)
            try reserve(number, "1")
            if number % 3 == 0, ledger.state.open[call(number, of: alice).callID] != nil {
                try settle(number, .priced(try usd("0.1")))
            }
        }
        var replayed = LedgerState()
        for event in ledger.events { replayed.evolve(event) }
        #expect(replayed == ledger.state)
    }
}
