import LedgerCore
import Testing

@Suite("Thresholds")
struct ThresholdTests {
    private let alice: UserID
    private var ledger: Recorder
    private var next = 1

    init() throws {
        alice = try user("alice")
        ledger = try Recorder(at: "2026-11-24T22:00:00Z")
    }

    private var crossed: [ThresholdCrossed] {
        ledger.events.compactMap {
            guard case .thresholdCrossed(let event) = $0.event else { return nil }
            return event
        }
    }

    private mutating func spend(_ cost: String, holding held: String? = nil) throws {
        let call = call(next, of: alice)
        next += 1
        let estimate = Estimate(cost: try usd(held ?? cost), tokens: 0)
        try ledger.run(.reserve(call, estimate, priceBook: "b", isPriced: true))
        guard ledger.state.open[call.callID] != nil else { return }
        try ledger.run(.settle(settled(call, .priced(try usd(cost)))))
    }

    private mutating func limit(_ cost: String, _ thresholds: [Int64] = [50, 80, 100]) throws {
        try ledger.run(
            .setQuota(alice, Quota(dailyLimit: try usd(cost), thresholds: thresholds), actor: "admin"))
    }

    @Test("each is recorded once a window, with the event that crosses it")
    mutating func once() throws {
        try limit("10")
        try spend("4.999999999999999999", holding: "9")
        #expect(crossed.isEmpty, "what is only held crosses nothing")
        try spend("0.000000000000000001")
        #expect(crossed.map(\.threshold) == [50])
        #expect(ledger.events.suffix(2).map(\.event.type) == [.callSettled, .thresholdCrossed])
        try spend("1")
        #expect(crossed.map(\.threshold) == [50])
        try spend("4")
        #expect(crossed.map(\.threshold) == [50, 80, 100])
        let last = try #require(crossed.last)
        #expect(last.subject == .user(alice))
        #expect(last.used == (try usd("10").attos))
        #expect(last.windowStart == (try moment("2026-11-24T00:00:00Z")))
        #expect(last.windowEnd == (try moment("2026-11-25T00:00:00Z")))
        ledger.now = try moment("2026-11-25T00:00:00Z")
        try spend("6")
        #expect(crossed.map(\.threshold) == [50, 80, 100, 50])
    }

    @Test("a replay records nothing, and what is recorded is not crossed again")
    mutating func replay() throws {
        try limit("10")
        try spend("9")
        var replayed = LedgerState()
        for event in ledger.events { replayed.evolve(event) }
        #expect(replayed == ledger.state)
        #expect(crossed.map(\.threshold) == [50, 80])
        try limit("10")
        #expect(crossed.map(\.threshold) == [50, 80], "the same limit, set again")
    }

    @Test("a lower limit is crossed when it is set, and another limit anew")
    mutating func changed() throws {
        try limit("10")
        try spend("4")
        try limit("5")
        #expect(crossed.map(\.threshold) == [50, 80])
        #expect(
            ledger.events.suffix(3).map(\.event.type) == [.quotaSet, .thresholdCrossed, .thresholdCrossed])
        try limit("6")
        #expect(crossed.map(\.threshold) == [50, 80, 50])
    }

    @Test("a limit has its own, or none")
    mutating func own() throws {
        let limits = [
            Limit(.cost, .hour, amount: try usd("10").attos, thresholds: []),
            Limit(.cost, .week, amount: try usd("10").attos, thresholds: [10]),
        ]
        let quota = Quota(dailyLimit: try usd("10"), limits: limits, thresholds: [25])
        try ledger.run(.changeQuota(QuotaSet(subject: .global, quota: quota, actor: "admin")))
        try spend("9")
        #expect(crossed.map(\.threshold) == [25, 10])
        #expect(crossed.map(\.limit.window) == [.day, .week])
    }

    @Test("what ends in a window that is over crosses nothing")
    mutating func late() throws {
        try limit("10")
        let call = call(1, of: alice)
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("9"), tokens: 0), priceBook: "b", isPriced: true))
        ledger.now = try moment("2026-11-25T00:00:01Z")
        try ledger.run(.settle(settled(call, .priced(try usd("9")))))
        #expect(crossed.isEmpty)
        #expect(ledger.state.meters(of: .user(alice), at: ledger.now).map(\.used) == [0])
    }

    @Test("an expired call, a run of its own and reported usage cross too")
    mutating func others() throws {
        try limit("10", [50, 80])
        let call = call(1, of: alice)
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("5"), tokens: 0), priceBook: "b", isPriced: true))
        try ledger.run(.expire(call.callID, .restart))
        #expect(crossed.map(\.threshold) == [50])
        let run = dispatch(1, of: alice)
        try ledger.run(.startDispatch(DispatchStarted(dispatch: run, queuedMilliseconds: 0)))
        let cost = try usd("3")
        try ledger.run(
            .completeDispatch(report(run, shares: [share("m", cost, input: 1)], cost: .priced(cost))))
        #expect(crossed.map(\.threshold) == [50, 80])
        #expect(ledger.events.suffix(2).map(\.event.type) == [.dispatchCompleted, .thresholdCrossed])
    }

    @Test("a credit takes back what was charged, and does not let it cross twice")
    mutating func credit() throws {
        try limit("10")
        try spend("6")
        var state = ledger.state
        let payers: Payers = state.payers(alice, model: "m")
        state.adjust(
            payers, by: try usd("-2"), tokens: 0, at: ledger.now)
        #expect(state.meters(of: .user(alice), at: ledger.now).first?.used == (try usd("4").attos))
        #expect(state.budget(of: alice, at: ledger.now).day.used == (try usd("4")))
        let before = Timestamp(microseconds: ledger.now.microseconds - 86_400_000_000)
        state.adjust(state.payers(alice, model: "m"), by: try usd("-2"), tokens: 0, at: before)
        #expect(state.meters(of: .user(alice), at: ledger.now).first?.used == (try usd("4").attos))
    }
}
