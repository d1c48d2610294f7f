import LedgerCore
import Testing

@Suite("Usage projections")
struct UsageProjectionTests {
    /// Random calls of three users over a few days, each reserved and then ended or refused.
    private static func record(_ number: UInt64, events: Int) throws -> [RecordedEvent] {
        var random = RandomEvents(number)
        var ledger = try Recorder(at: "2026-11-28T20:00:00Z")
        for next in 1...events {
            let user = try user(random.seed.pick(["a", "b", "c"]))
            let model = random.seed.pick(["m1", "m2", "m3"])
            ledger.now = Timestamp(
                microseconds: ledger.now.microseconds + random.seed.number(0...3_000_000_000))
            let call = call(next, of: user, model: model)
            let amount = Money(attos: Int128(random.seed.number(0...5_000_000_000_000_000_000)))
            ledger.record(
                .callReserved(
                    CallReserved(
                        call: call, reserved: amount, reservedTokens: 5, priceBook: "b", isPriced: true)))
            switch random.seed.number(0...5) {
            case 0:
                ledger.record(
                    .callExpired(CallExpired(call: call, cost: .estimated(amount), reason: .restart)))
            case 1:
                ledger.record(
                    .callRejected(
                        CallRejected(
                            call: call, limit: try random.limit(), requested: amount, requestedTokens: 5)
                    ))
            case 2: ledger.record(.callSettled(settled(call, .unpriced(holding: amount), result: .error)))
            default:
                ledger.record(
                    .callSettled(
                        settled(
                            call, .priced(amount), input: random.seed.number(0...1_000),
                            output: random.seed.number(0...1_000))))
            }
        }
        return ledger.events
    }

    private static func fold(_ events: some Sequence<RecordedEvent>) -> UsageProjection {
        var projection = UsageProjection()
        for event in events { projection.evolve(event) }
        return projection
    }

    private static func deltas(of recorded: RecordedEvent) -> [UsageSums] {
        var sums: [UsageSums] = []
        UsageDelta.each(of: recorded) { sums.append($0.sums) }
        return sums
    }

    private static func sum(_ sums: some Sequence<UsageSums>) -> UsageSums {
        sums.reduce(into: UsageSums()) { $0.add($1) }
    }

    @Test("every grain has the same sums", arguments: [41, 42, 43] as [UInt64])
    func conservation(_ number: UInt64) throws {
        let events = try Self.record(number, events: 400)
        let projection = Self.fold(events)
        var hourly = HourlyRollup()
        for event in events { hourly.evolve(event) }
        let deltas = Self.sum(events.flatMap { Self.deltas(of: $0) })
        #expect(deltas.calls + deltas.rejected == 400)
        #expect(Self.sum(projection.users.values.map(\.total)) == deltas)
        #expect(Self.sum(projection.models.values) == deltas)
        #expect(Self.sum(hourly.rows.values) == deltas)
        for (user, usage) in projection.users {
            let rows = hourly.rows.filter { $0.key.user == user }
            #expect(Self.sum(rows.values) == usage.total)
            let end = projection.timestamp
            #expect(Self.sum(rows.filter { $0.key.hour.day == end.day }.values) == usage.day(at: end))
            let month = rows.filter { $0.key.hour.day.firstOfMonth == end.day.firstOfMonth }
            #expect(Self.sum(month.values) == usage.month(at: end))
            for model in ["m1", "m2", "m3"] {
                let key = UsageProjection.ModelKey(user: user, provider: "anthropic", model: model)
                let sums = projection.models[key] ?? UsageSums()
                #expect(sums == Self.sum(rows.filter { $0.key.model == model }.values))
            }
        }
    }

    @Test("stopping and going on at any event changes nothing")
    func incremental() throws {
        let events = try Self.record(44, events: 60)
        let whole = Self.fold(events)
        for cut in 0...events.count {
            var projection = Self.fold(events.prefix(cut))
            for event in events.dropFirst(cut) { projection.evolve(event) }
            #expect(projection == whole)
        }
        #expect(whole.position == Position(120))
    }

    @Test("what was held is what was settled, expired or is still open")
    func settledPlusReleased() throws {
        let alice = try user("alice")
        var ledger = try Recorder(at: "2026-11-24T10:00:00Z")
        for number in 1...30 {
            try ledger.run(
                .reserve(
                    call(number, of: alice), Estimate(cost: try usd("1"), tokens: 1), priceBook: "b",
                    isPriced: true))
            if number % 3 == 0 {
                try ledger.run(.settle(settled(call(number, of: alice), .priced(try usd("0.4")))))
            }
            if number % 3 == 1 { try ledger.run(.expire(call(number, of: alice).callID, .restart)) }
        }
        let usage = try #require(Self.fold(ledger.events).users[alice])
        let budget = ledger.state.budget(of: alice, at: ledger.now)
        #expect(usage.total.cost == (try usd("14")))
        #expect(usage.total.estimated == (try usd("10")))
        #expect(budget.day.used == usage.total.cost)
        #expect(budget.day.reserved == (try usd("10")))
        #expect(usage.total.calls == 20)
        #expect(usage.total.errors == 10)
    }

    @Test("windows end by the clock, without an event")
    func windows() throws {
        let alice = try user("alice")
        var ledger = try Recorder(at: "2026-11-30T23:59:59Z")
        ledger.record(.callSettled(settled(call(1, of: alice), .priced(try usd("1")))))
        let usage = try #require(Self.fold(ledger.events).users[alice])
        #expect(usage.day(at: ledger.now).cost == (try usd("1")))
        let after = try moment("2026-12-01T00:00:00Z")
        #expect(usage.day(at: after) == UsageSums())
        #expect(usage.month(at: after) == UsageSums())
        #expect(usage.total.cost == (try usd("1")))
    }

    @Test("an unpriced call is counted as such and never adds to the cost")
    func unpriced() throws {
        let alice = try user("alice")
        var ledger = try Recorder(at: "2026-11-30T23:59:59Z")
        ledger.record(.callSettled(settled(call(1, of: alice), .unpriced(holding: try usd("1")), input: 5)))
        let sums = try #require(Self.deltas(of: ledger.events[0]).first)
        #expect(sums.cost == .zero)
        #expect(sums.held == (try usd("1")))
        #expect(sums.unpricedCalls == 1)
        #expect(sums.inputTokens == 5)
    }
}
