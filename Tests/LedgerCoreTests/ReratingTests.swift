import LedgerCore
import Testing

@Suite("Rerating")
struct ReratingTests {
    private let old = "old"

    /// A book in which Sonnet's input costs `input` dollars a million, and nothing else has a price.
    private func book(
        _ input: String, hash: String = "new", model: String = "claude-sonnet-4-5"
    ) throws -> PriceBook {
        let price = try ModelPrice(
            provider: "anthropic", name: model, aliases: [], outputTokensMax: 64_000,
            periods: [
                PricePeriod(
                    from: try moment("2025-01-01T00:00:00Z"),
                    base: try Book.rates([.input: input, .output: "15"]), tiers: [],
                    multipliers: [.fast: try Multiplier("6")])
            ])
        return try PriceBook(hash: hash, unpricedReserve: try usd("1"), models: [price])
    }

    /// A journal of alice's calls, each a second after the one before.
    private func journal(_ calls: [CallSettled], reserved: String = "5") throws -> Recorder {
        var ledger = try Recorder(at: "2026-11-24T12:00:00Z")
        for event in calls {
            let estimate = Estimate(cost: try usd(reserved), tokens: reserved == "0" ? 0 : 10)
            try ledger.run(.reserve(event.call, estimate, priceBook: old, isPriced: true))
            ledger.now = Timestamp(microseconds: ledger.now.microseconds + 1_000_000)
            try ledger.run(.settle(event))
        }
        return ledger
    }

    private func differences(
        _ ledger: Recorder, _ book: PriceBook, _ scope: Rerating.Scope = Rerating.Scope()
    ) -> (differences: [Rerating.Difference], sums: [Rerating.Key: Rerating.Sums]) {
        var rerating = Rerating(scope, by: book)
        var differences: [Rerating.Difference] = []
        for event in ledger.events { rerating.note(event) }
        for event in ledger.events { rerating.take(event) { differences.append($0) } }
        return (differences, rerating.sums)
    }

    private func call(_ number: Int, _ cost: Cost, input: Int64) throws -> CallSettled {
        settled(LedgerCoreTests.call(number, of: try user("alice")), cost, input: input)
    }

    @Test("what differs is corrected to the book's price, exactly, and again there is nothing to do")
    func twice() throws {
        var ledger = try journal([
            try call(1, .priced(try usd("30")), input: 1_000),
            try call(2, .priced(try usd("0.003")), input: 1_000),
        ])
        let found = differences(ledger, try book("3")).differences
        let difference = try #require(found.first)
        #expect(found.count == 1)
        #expect(difference.target.position == Position(2))
        #expect(difference.target.chargedAt == (try moment("2026-11-24T12:00:00Z")))
        #expect(difference.new.cost == .priced(try usd("0.003")))
        let event = difference.event(reason: "a zero too many", actor: "admin")
        try ledger.run(.adjustCosts([event], after: Position(0)))
        let again = differences(ledger, try book("3"))
        #expect(again.differences.isEmpty)
        #expect(again.sums.values.first?.old == (try usd("0.006")))
        let other = differences(ledger, try book("6", hash: "newer")).differences
        #expect(other.map(\.old.cost) == [.priced(try usd("0.003")), .priced(try usd("0.003"))])
        #expect(other.map(\.new.cost) == [.priced(try usd("0.006")), .priced(try usd("0.006"))])
    }

    @Test("a cost by the same book stands, and so does one that the book knows no price for")
    func stands() throws {
        let ledger = try journal([try call(1, .priced(try usd("30")), input: 1_000)])
        #expect(differences(ledger, try book("3", hash: "book")).differences.isEmpty)
        let without = differences(ledger, try book("3", model: "claude-haiku-4-5"))
        #expect(without.differences.isEmpty)
        #expect(without.sums.values.first?.new == (try usd("30")))
    }

    @Test("an unpriced call is priced, or estimated at what it holds where no figures came")
    func unpriced() throws {
        var silent = try call(2, .unpriced(holding: try usd("5")), input: 0)
        silent.usageSource = .none
        let ledger = try journal([try call(1, .unpriced(holding: try usd("5")), input: 1_000), silent])
        let found = differences(ledger, try book("3"))
        #expect(found.differences.map(\.new.cost) == [.priced(try usd("0.003")), .estimated(try usd("5"))])
        #expect(found.sums.values.first?.oldUnpriced == 2)
        #expect(found.sums.values.first?.newUnpriced == 0)
    }

    @Test("what costs nothing whatever the prices are, and what nobody knows the use of, stays as it is")
    func fixed() throws {
        let free = try journal([try call(1, .priced(.zero), input: 1_000)], reserved: "0")
        #expect(differences(free, try book("3")).differences.isEmpty)
        var bound = try call(1, .estimated(try usd("5")), input: 0)
        bound.usageSource = .estimated
        var refused = try call(2, .priced(.zero), input: 0)
        refused.usageSource = .none
        #expect(differences(try journal([bound, refused]), try book("3")).differences.isEmpty)
    }

    @Test("speed and parts count, and what was estimated stays an estimate")
    func modifiers() throws {
        var fast = try call(1, .priced(try usd("1")), input: 1_000)
        fast.speed = "fast"
        var cut = try call(2, .estimated(try usd("1")), input: 1_000)
        cut.usageSource = .providerPartial
        var parts = try call(3, .priced(try usd("1")), input: 2_000)
        parts.parts = [1_500, 500].map { (count: Int64) in
            var usage = Usage()
            usage.input = count
            return UsagePart(model: "claude-sonnet-4-5", usage: usage)
        }
        let found = differences(try journal([fast, cut, parts]), try book("3")).differences
        #expect(
            found.map(\.new.cost) == [
                .priced(try usd("0.018")), .estimated(try usd("0.003")), .priced(try usd("0.006")),
            ])
    }

    @Test("fees that no price covers stay beside the tokens' new price, and make it an estimate")
    func fees() throws {
        var dear = try call(1, .estimated(try usd("31")), input: 1_000)
        dear.fees = try usd("1")
        var unpriced = try call(2, .unpriced(holding: try usd("2")), input: 1_000)
        unpriced.fees = try usd("1")
        let found = differences(try journal([dear, unpriced]), try book("3")).differences
        #expect(found.map(\.new.cost) == [.estimated(try usd("1.003")), .estimated(try usd("1.003"))])
    }

    @Test("a scope leaves out what is not in it")
    func scopes() throws {
        let ledger = try journal([
            try call(1, .priced(try usd("30")), input: 1_000),
            try call(2, .unpriced(holding: try usd("5")), input: 1_000),
        ])
        func count(_ change: (inout Rerating.Scope) throws -> Void) throws -> Int {
            var scope = Rerating.Scope()
            try change(&scope)
            return differences(ledger, try book("3"), scope).differences.count
        }
        #expect(try count { _ in } == 2)
        #expect(try count { $0.unpricedOnly = true } == 1)
        #expect(try count { $0.since = try moment("2026-11-24T12:00:02Z") } == 1)
        #expect(try count { $0.until = try moment("2026-11-24T12:00:02Z") } == 1)
        #expect(try count { $0.user = try user("bob") } == 0)
        #expect(try count { $0.model = "claude-sonnet-4-5" } == 2)
    }

    @Test("a direct run is priced again by model, and one that has no price is left")
    func dispatches() throws {
        var ledger = try Recorder(at: "2026-11-24T12:00:00Z")
        let run = dispatch(1, of: try user("alice"))
        try ledger.run(.startDispatch(DispatchStarted(dispatch: run, queuedMilliseconds: 0)))
        let shares = [
            share("claude-sonnet-4-5", try usd("1"), input: 1_000),
            share("claude-haiku-4-5", try usd("0.5"), input: 1_000),
        ]
        try ledger.run(
            .completeDispatch(
                report(run, isProxied: false, shares: shares, cost: .estimated(try usd("1.5")))))
        let found = differences(ledger, try book("3"))
        #expect(found.differences.map(\.target.model) == ["claude-sonnet-4-5"])
        #expect(found.differences.map(\.new.cost) == [.estimated(try usd("0.003"))])
        #expect(found.sums.values.reduce(0) { $0 + $1.count } == 2)
        let silent = dispatch(2, of: try user("alice"))
        try ledger.run(.startDispatch(DispatchStarted(dispatch: silent, queuedMilliseconds: 0)))
        try ledger.run(.completeDispatch(report(silent, isProxied: false, cost: .unpriced(holding: .zero))))
        #expect(differences(ledger, try book("3")).differences.count == 1)
    }

    @Test("each amount is told once, with the moment that it was charged at")
    func uses() throws {
        let ledger = try journal([try call(1, .priced(try usd("30")), input: 1_000)])
        let event = try #require(ledger.events.last)
        var uses: [RatedUse] = []
        RatedUse.each(of: event) { uses.append($0) }
        #expect(uses.map(\.target.chargedAt) == [event.timestamp])
        #expect(uses.map(\.recorded) == [RatedCost(.priced(try usd("30")), by: "book")])
    }
}
