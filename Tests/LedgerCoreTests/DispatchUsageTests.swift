import LedgerCore
import Testing

@Suite("Usage projections, agent runs")
struct DispatchUsageTests {
    private func event(
        _ number: Int, source: String = "web", billing: DispatchBilling, result: CallResult = .ok,
        _ shares: [DispatchShare]
    ) throws -> Event {
        let memo = shares.reduce(into: Usage()) { $0.add($1.usage) }
        let cost = shares.reduce(Money.zero) { $0.addingClamped($1.cost) }
        return .dispatchCompleted(
            DispatchCompleted(
                dispatch: dispatch(number, of: try user("alice"), source: source), billing: billing,
                result: result, provider: "anthropic", model: shares[0].model, usage: memo,
                usageSource: .reportedByAgent, cost: .priced(cost), priceBook: "b",
                models: shares.count > 1 ? shares : [], durationMilliseconds: 100))
    }

    private func fold(_ events: [Event]) throws -> (usage: UsageProjection, rows: [RollupKey: UsageSums]) {
        var ledger = try Recorder(at: "2026-11-24T22:30:00Z")
        for event in events { ledger.record(event) }
        var usage = UsageProjection()
        var hourly = HourlyRollup()
        for event in ledger.events {
            usage.evolve(event)
            hourly.evolve(event)
        }
        return (usage, hourly.rows)
    }

    @Test("a direct run counts once, and its models count what they used")
    func direct() throws {
        let shares = [share("a", try usd("1"), input: 5), share("b", try usd("2"), input: 7)]
        let (usage, rows) = try fold([try event(1, billing: .direct, result: .error, shares)])
        let total = try #require(usage.users[try user("alice")]).total
        #expect(total.dispatches == 1)
        #expect(total.failedDispatches == 1)
        #expect(total.calls == 0)
        #expect(total.errors == 0)
        #expect(total.cost == (try usd("3")))
        #expect(total.inputTokens == 12)
        #expect(total.durationMilliseconds == 100)
        #expect(rows.count == 2)
        #expect(rows.keys.allSatisfy { $0.kind == .dispatch && $0.source == "web" })
        #expect(rows.first { $0.key.model == "b" }?.value.cost == (try usd("2")))
        #expect(rows.first { $0.key.model == "b" }?.value.dispatches == 0)
        let key = UsageProjection.ModelKey(
            user: try user("alice"), kind: .dispatch, provider: "anthropic", model: "b")
        #expect(usage.models.count == 2)
        #expect(usage.models[key]?.cost == (try usd("2")))
    }

    @Test("a proxied run counts as a run and adds nothing")
    func proxied() throws {
        let shares = [share("a", try usd("1"), input: 5), share("b", try usd("2"), input: 7)]
        let (usage, rows) = try fold([try event(1, billing: .proxied, shares)])
        let total = try #require(usage.users[try user("alice")]).total
        var expected = UsageSums()
        expected.dispatches = 1
        expected.durationMilliseconds = 100
        #expect(total == expected)
        #expect(Array(rows.values) == [expected])
    }

    @Test("what runs used by model is kept, memo included, and where they came from")
    func shown() throws {
        let shares = [share("a", try usd("1"), input: 5), share("b", try usd("2"), input: 7)]
        let rejected = DispatchRejected(
            dispatch: dispatch(4, of: try user("alice"), source: "cli"), reason: .queueFull)
        let (usage, rows) = try fold([
            try event(1, billing: .proxied, shares), try event(2, source: "my-bot", billing: .direct, shares),
            try event(3, billing: .proxied, result: .aborted, [share("a", try usd("4"), input: 1)]),
            .dispatchRejected(rejected),
        ])
        #expect(
            usage.dispatches == [
                UsageProjection.DispatchKey(source: .web, status: .ok): 1,
                UsageProjection.DispatchKey(source: .web, status: .aborted): 1,
                UsageProjection.DispatchKey(source: .other, status: .ok): 1,
                UsageProjection.DispatchKey(source: .cli, status: .rejected): 1,
            ])
        let key = UsageProjection.DispatchModelKey(provider: "anthropic", model: "a")
        #expect(usage.dispatchModels[key]?.cost == (try usd("6")))
        #expect(usage.dispatchModels[key]?.inputTokens == 11)
        #expect(usage.dispatchModels[key]?.dispatches == 3)
        #expect(usage.dispatchModels.count == 2)
        #expect(rows.values.reduce(Money.zero) { $0.addingClamped($1.cost) } == (try usd("3")))
    }

    @Test("a source is its own label where it is known", arguments: DispatchSource.allCases)
    func labels(_ source: DispatchSource) {
        #expect(DispatchSource.label(of: source.rawValue) == source)
        #expect(DispatchSource.label(of: source.rawValue + "/") == .other)
    }

    @Test("sums of usage stay within what is believed")
    func clamps() {
        var usage = Usage()
        usage.input = Usage.countMax
        usage.reasoning = 1
        usage.add(usage)
        #expect(usage.input == 2 * Usage.countMax)
        #expect(usage.reasoning == 2)
        for _ in 0..<64 { usage.add(usage) }
        #expect(usage.input == 1 << 53)
    }
}
