import LedgerCore
import Testing

@Suite("CostAdjusted")
struct CostAdjustedTests {
    /// One call of alice's, reserved on one day and settled on the next at `cost`.
    private func recorder(_ cost: Cost, settledAt: String = "2026-11-25T00:00:01Z") throws -> Recorder {
        var ledger = try Recorder(at: "2026-11-24T23:59:59Z")
        let call = call(1, of: try user("alice"))
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("5"), tokens: 10), priceBook: "old", isPriced: true))
        ledger.now = try moment(settledAt)
        try ledger.run(.settle(settled(call, cost, input: 3)))
        return ledger
    }

    private func adjustment(_ old: Cost, _ new: Cost) throws -> CostAdjusted {
        let target = CostTarget(
            position: Position(2), user: try user("alice"), kind: .call,
            callID: call(1, of: try user("alice")).callID, source: "proxy", provider: "anthropic",
            model: "claude-sonnet-4-5", recordedAt: try moment("2026-11-25T00:00:01Z"),
            chargedAt: try moment("2026-11-24T23:59:59Z"))
        return CostAdjusted(
            target: target, old: RatedCost(old, by: "old"), new: RatedCost(new, by: "new"), reason: "test",
            actor: "admin")
    }

    @Test(
        "a budget moves in the windows that the call was charged in: yesterday's is over, the month's is not")
    func budget() throws {
        var ledger = try recorder(.priced(try usd("3")))
        let wrong = try adjustment(.priced(try usd("3")), .priced(try usd("0.5")))
        try ledger.run(.adjustCosts([wrong], after: Position(0)))
        let budget = ledger.state.budget(of: try user("alice"), at: ledger.now)
        #expect(budget.day.used == .zero)
        #expect(budget.month.used == (try usd("0.5")))
        #expect(ledger.state.lastAdjustment == Position(3))
    }

    @Test("a correction counts when what it corrects was recorded, any other event when it was itself")
    func countsAt() throws {
        var ledger = try recorder(.priced(try usd("3")))
        ledger.now = try moment("2026-11-26T00:00:00Z")
        let wrong = try adjustment(.priced(try usd("3")), .priced(try usd("0.5")))
        try ledger.run(.adjustCosts([wrong], after: Position(0)))
        let moments = ledger.events.map { $0.countsAt.text.prefix(19) }
        #expect(moments == ["2026-11-24T23:59:59", "2026-11-25T00:00:01", "2026-11-25T00:00:01"])
    }

    @Test("what an unpriced call holds is released by its price, and a price may pass the limit")
    func held() throws {
        var ledger = try Recorder(at: "2026-11-24T12:00:00Z")
        let alice = try user("alice")
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("6")), actor: "admin"))
        let call = call(1, of: alice)
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("5"), tokens: 10), priceBook: "old", isPriced: false))
        try ledger.run(.settle(settled(call, .unpriced(holding: try usd("5")), input: 3)))
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.used == (try usd("5")))
        let target = CostTarget(
            position: Position(3), user: alice, kind: .call, callID: call.callID, source: "proxy",
            provider: "anthropic", model: call.model, recordedAt: ledger.now, chargedAt: ledger.now)
        func price(_ old: Cost, _ new: Cost) -> CostAdjusted {
            CostAdjusted(
                target: target, old: RatedCost(old, by: "old"), new: RatedCost(new, by: "new"),
                reason: "test", actor: "ledger")
        }
        let first = price(.unpriced(holding: try usd("5")), .priced(try usd("0.25")))
        try ledger.run(.adjustCosts([first], after: Position(0)))
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.used == (try usd("0.25")))
        let last = ledger.state.lastAdjustment
        let second = price(.priced(try usd("0.25")), .priced(try usd("100")))
        try ledger.run(.adjustCosts([second], after: last))
        #expect(ledger.state.budget(of: alice, at: ledger.now).day.used == (try usd("100")))
    }

    @Test(
        "corrections that were worked out before the last one are refused, and nothing is recorded for none")
    func stale() throws {
        var ledger = try recorder(.priced(try usd("3")))
        let three = try usd("3")
        let one = try adjustment(.priced(three), .priced(try usd("1")))
        try ledger.run(.adjustCosts([try adjustment(.priced(three), .priced(three))], after: Position(0)))
        #expect(ledger.events.count == 2)
        try ledger.run(.adjustCosts([one], after: Position(0)))
        let again = ledger.rejection(of: .adjustCosts([one], after: Position(0)))
        #expect(again == .alreadyAdjusted(Position(3)))
        let negative = try adjustment(.priced(three), .priced(try usd("-1")))
        #expect(ledger.rejection(of: .adjustCosts([negative], after: Position(3))) == .negative)
    }

    @Test("the difference counts in the hour and the windows of what it corrects, and what was billed stays")
    func sums() throws {
        var ledger = try recorder(.unpriced(holding: try usd("5")))
        ledger.now = try moment("2026-11-25T07:30:00Z")
        let fix = try adjustment(.unpriced(holding: try usd("5")), .priced(try usd("0.5")))
        try ledger.run(.adjustCosts([fix], after: Position(0)))
        ledger.now = try moment("2026-11-26T08:00:00Z")
        let wrong = try adjustment(.priced(try usd("0.5")), .estimated(try usd("0.2")))
        try ledger.run(.adjustCosts([wrong], after: Position(3)))
        var hourly = HourlyRollup()
        var usage = UsageProjection()
        for event in ledger.events {
            hourly.evolve(event)
            usage.evolve(event)
        }
        let (key, sums) = try #require(hourly.rows.first)
        #expect(hourly.rows.count == 1)
        #expect(key.hour == (try moment("2026-11-25T00:00:00Z")))
        let fifth = try usd("0.2")
        #expect(sums.cost == fifth && sums.estimated == fifth)
        #expect(sums.unpricedCalls == 0 && sums.held == .zero && sums.calls == 1)
        #expect(sums.adjustments == 2 && sums.adjusted == fifth && sums.billed == .zero)
        let alice = try #require(usage.users[try user("alice")])
        #expect(alice.total == sums && alice.month == sums)
        #expect(alice.today == (try moment("2026-11-25T00:00:00Z")).day)
        #expect(alice.day == sums)
    }
}
