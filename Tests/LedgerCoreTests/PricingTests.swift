import LedgerCore
import Testing

@Suite("Pricing")
struct PricingTests {
    private let tiered: Pricing
    private let flat: Pricing

    init() throws {
        let book = try Book.sample()
        tiered = Pricing(book: book, provider: "anthropic", time: try moment("2026-01-01T00:00:00Z"))
        flat = Pricing(book: book, provider: "anthropic", time: try moment("2026-04-01T00:00:00Z"))
    }

    private func usage(_ counts: [UsageBucket: Int64]) -> Usage {
        var usage = Usage()
        for (bucket, count) in counts { usage[bucket] = count }
        return usage
    }

    private func part(_ counts: [UsageBucket: Int64], _ model: String = "claude-sonnet-4-5") -> UsagePart {
        UsagePart(model: model, usage: usage(counts))
    }

    @Test("every bucket is priced at its own rate")
    func buckets() throws {
        let counts: [UsageBucket: Int64] = [
            .input: 1_000, .cacheRead: 10_000, .cacheWrite5m: 200, .cacheWrite1h: 100, .output: 500,
            .webSearch: 2,
        ]
        #expect(try flat.cost(of: [part(counts)], modifiers: []) == usd("0.03485"))
        #expect(try flat.cost(of: [], modifiers: []) == .zero)
        #expect(try flat.cost(of: [part([:])], modifiers: []) == .zero)
        #expect(try flat.cost(of: [part([.cacheRead: 1])], modifiers: []) == usd("0.0000003"))
    }

    @Test("reasoning is part of the output and costs nothing more")
    func reasoning() throws {
        var withReasoning = usage([.output: 10])
        withReasoning.reasoning = 9
        let part = UsagePart(model: "claude-sonnet-4-5", usage: withReasoning)
        #expect(try flat.cost(of: [part], modifiers: []) == usd("0.00015"))
    }

    @Test("more input than the threshold, cached input included, reprices the whole call")
    func tiers() throws {
        let at: [UsageBucket: Int64] = [.input: 100_000, .cacheRead: 100_000, .output: 1_000]
        let above: [UsageBucket: Int64] = [.input: 100_000, .cacheRead: 100_001, .output: 1_000]
        #expect(try tiered.cost(of: [part(at)], modifiers: []) == usd("0.345"))
        #expect(try tiered.cost(of: [part(above)], modifiers: []) == usd("0.6825006"))
        #expect(try flat.cost(of: [part(above)], modifiers: []) == usd("0.3450003"))
    }

    @Test("factors multiply tokens and never searches; one that the model does not have changes nothing")
    func factors() throws {
        let counts: [UsageBucket: Int64] = [.input: 1_000, .webSearch: 1]
        #expect(try flat.cost(of: [part(counts)], modifiers: [.batch]) == usd("0.0115"))
        #expect(try flat.cost(of: [part(counts)], modifiers: [.batch, .geoUs]) == usd("0.01165"))
        #expect(try flat.cost(of: [part(counts)], modifiers: [.fast]) == usd("0.028"))
        #expect(try flat.cost(of: [part(counts)], modifiers: [.priority]) == usd("0.013"))
    }

    @Test("rates of a modifier replace the model's own; of two the dearer counts, and factors come on top")
    func modifierRates() throws {
        let base = try Book.rates([.input: "1", .cacheRead: "0.5", .output: "4", .inputImage: "2"])
        let adjustments: [PriceModifier: PriceAdjustment] = [
            .batch: .rates(try Book.rates([.input: "0.5", .output: "2"]), tiers: []),
            .priority: .rates(
                try Book.rates([.input: "1.8", .output: "7"]),
                tiers: [PriceTier(above: 10, rates: try Book.rates([.input: "3", .output: "9"]))]),
            .fast: .factors([.output: try Multiplier("6")]), .geoUs: .factor(try Multiplier("1.1")),
        ]
        let model = try ModelPrice(
            provider: "p", name: "m", aliases: [], outputTokensMax: 1,
            periods: [
                PricePeriod(
                    from: Timestamp(microseconds: 0), base: base, tiers: [], adjustments: adjustments)
            ])
        let pricing = Pricing(
            book: try PriceBook(hash: "", unpricedReserve: .zero, models: [model]), provider: "p",
            time: Timestamp(microseconds: 0))
        func cost(_ counts: [UsageBucket: Int64], _ modifiers: Set<PriceModifier>) throws -> Money {
            try pricing.cost(of: [part(counts, "m")], modifiers: modifiers)
        }
        let small: [UsageBucket: Int64] = [.input: 4, .cacheRead: 4, .inputImage: 1, .output: 10]
        // 4 × 1 + 4 × 0.5 + 2 + 10 × 4.
        #expect(try cost(small, []) == usd("0.000048"))
        // 4 × 0.5 + 2 + 2 + 10 × 2: what the batch prices do not name stays.
        #expect(try cost(small, [.batch]) == usd("0.000026"))
        // 4 × 1.8 + 2 + 2 + 10 × 7, and the same where the batch is cheaper.
        #expect(try cost(small, [.priority]) == usd("0.0000812"))
        #expect(try cost(small, [.priority, .batch]) == usd("0.0000812"))
        #expect(try cost(small, [.priority, .geoUs]) == usd("0.00008932"))
        #expect(try cost(small, [.fast]) == usd("0.000248"))
        // Eleven tokens of input are in the tier of priority alone: 11 × 3 + 9.
        #expect(try cost([.input: 11, .output: 1], [.priority]) == usd("0.000042"))
        #expect(try cost([.input: 11, .output: 1], [.flex]) == usd("0.000015"))
    }

    @Test("each part of a call has its own model and its own tier")
    func parts() throws {
        let parts = [
            part([.input: 150_000]), part([.input: 150_000]), part([.input: 1_000], "claude-haiku-4-5"),
        ]
        #expect(try tiered.cost(of: parts, modifiers: []) == usd("0.901"))
    }

    @Test("a cost is whole or it is a named gap, never partly free")
    func gaps() throws {
        let parts = [part([.input: 1]), part([.input: 1], "claude-unheard-of")]
        #expect(throws: PricingGap.unknownModel("claude-unheard-of")) {
            try flat.cost(of: parts, modifiers: [])
        }
        #expect(throws: PricingGap.noRate(model: "claude-haiku-4-5", bucket: .cacheRead)) {
            try flat.cost(of: [part([.input: 1, .cacheRead: 1], "claude-haiku-4-5")], modifiers: [])
        }
        let before = Pricing(book: flat.book, provider: "anthropic", time: Timestamp(microseconds: 0))
        #expect(throws: PricingGap.unknownModel("claude-sonnet-4-5")) {
            try before.cost(of: [part([.input: 1])], modifiers: [])
        }
    }

    @Test("impossible counts have no price", arguments: [-1, Usage.countMax + 1, Int64.max, Int64.min])
    func implausible(_ count: Int64) {
        #expect(throws: PricingGap.outOfRange) { try flat.cost(of: [part([.input: count])], modifiers: []) }
    }

    @Test("an amount beyond all that is recorded is no price, and an upper bound ends there")
    func beyondBelief() throws {
        for dollars in [20_000, 2_000_000_000] as [Int128] {
            let rate = Rate(attosPerUnit: dollars * Money.attosPerDollar)
            let period = PricePeriod(
                from: try moment("2026-01-01T00:00:00Z"),
                base: RateCard(rates: [.input: rate, .output: rate]),
                tiers: [], multipliers: [:])
            let model = try ModelPrice(
                provider: "p", name: "m", aliases: [], outputTokensMax: 1, periods: [period])
            let pricing = Pricing(
                book: try PriceBook(hash: "h", unpricedReserve: .zero, models: [model]), provider: "p",
                time: try moment("2026-01-02T00:00:00Z"))
            #expect(throws: PricingGap.outOfRange) {
                try pricing.cost(of: [part([.input: Usage.countMax], "m")], modifiers: [])
            }
            let bound = RequestBound(model: "m", inputTokens: 1, outputTokens: 1 << 40, answers: 1 << 20)
            #expect(try pricing.upperBound(of: bound).cost == .amountMax)
        }
    }

    @Test("the largest believed counts have an exact price")
    func largest() throws {
        let counts = Dictionary(
            uniqueKeysWithValues: [UsageBucket.input, .cacheRead, .output].map { ($0, Usage.countMax) })
        let expected = Money(
            attos: Int128(Usage.countMax) * (3_000_000_000_000 + 300_000_000_000 + 15_000_000_000_000))
        #expect(try flat.cost(of: [part(counts)], modifiers: []) == expected)
    }
}
