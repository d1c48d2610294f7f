import LedgerCore
import Testing

@Suite("Pricing, upper bound")
struct UpperBoundTests {
    private func pricing() throws -> Pricing {
        Pricing(book: try Book.sample(), provider: "anthropic", time: try moment("2026-01-01T00:00:00Z"))
    }

    @Test("takes the dearest rates and factors, and the model's own output limit when none is stated")
    func dearest() throws {
        // 100 × 6 × 1.1 × 6 for a 1 h cache write, 64,000 × 15 × 1.1 × 6.
        let bound = RequestBound(
            model: "claude-sonnet-4-5", inputTokens: 100, outputTokens: nil, webSearches: 1)
        let estimate = try pricing().upperBound(of: bound)
        #expect(estimate.cost == (try usd("6.34996")))
        #expect(estimate.tokens == 64_100)
    }

    @Test("several answers are each as long as one may be")
    func answers() throws {
        let one = RequestBound(model: "claude-haiku-4-5", inputTokens: 10, outputTokens: 100)
        var four = one
        four.answers = 4
        #expect(try pricing().upperBound(of: four).cost == usd("0.00201"))
        four.answers = -4
        #expect(try pricing().upperBound(of: four) == pricing().upperBound(of: one))
    }

    @Test("a stated limit that is not positive holds as much as no limit", arguments: [0, -1, Int64.min])
    func notPositive(_ limit: Int64) throws {
        let stated = RequestBound(model: "claude-haiku-4-5", inputTokens: 10, outputTokens: limit)
        let none = RequestBound(model: "claude-haiku-4-5", inputTokens: 10, outputTokens: nil)
        #expect(try pricing().upperBound(of: stated) == pricing().upperBound(of: none))
    }

    static let absurd: [RequestBound] = [
        RequestBound(model: "claude-haiku-4-5", inputTokens: -1, outputTokens: 1),
        RequestBound(model: "claude-haiku-4-5", inputTokens: .max, outputTokens: 1),
        RequestBound(model: "claude-haiku-4-5", inputTokens: 1, outputTokens: 1, webSearches: -1),
    ]

    @Test("figures that cannot be are refused, not wrapped", arguments: absurd)
    func refused(_ bound: RequestBound) {
        #expect(throws: PricingGap.outOfRange) { try pricing().upperBound(of: bound) }
    }

    @Test("what could cost more than anybody has is bounded by a sum that no limit admits")
    func beyondBelief() throws {
        for answers in [Int64(10_000), .max] {
            let bound = RequestBound(
                model: "claude-haiku-4-5", inputTokens: 1, outputTokens: .max, answers: answers)
            #expect(try pricing().upperBound(of: bound).cost > usd("1000000000"))
        }
    }

    @Test("an unknown model has no bound")
    func unknown() {
        #expect(throws: PricingGap.unknownModel("x")) {
            try pricing().upperBound(of: RequestBound(model: "x", inputTokens: 1, outputTokens: 1))
        }
    }

    @Test("no usage that a request allows costs more than its bound", arguments: [11, 12, 13] as [UInt64])
    func holds(_ number: UInt64) throws {
        var seed = Seed(number)
        for round in 0..<400 {
            let pricing = try Self.randomPricing(&seed)
            let bound = RequestBound(
                model: "m", inputTokens: seed.number(0...600_000), outputTokens: seed.number(1...70_000),
                answers: seed.number(1...3), webSearches: seed.number(0...5))
            let estimate = try pricing.upperBound(of: bound)
            for _ in 0..<8 {
                let usage = Self.randomUsage(within: bound, &seed)
                let modifiers = Set(PriceModifier.allCases.filter { _ in seed.once(in: 2) })
                let cost = try pricing.cost(of: [UsagePart(model: "m", usage: usage)], modifiers: modifiers)
                #expect(cost <= estimate.cost, "seed \(number), round \(round), \(usage), \(modifiers)")
                #expect(usage.inputTokens + usage.outputTokens <= estimate.tokens)
            }
        }
    }

    /// Any prices at all: tiers may be cheaper than the base, a cache read dearer than an input.
    private static func randomPricing(_ seed: inout Seed) throws -> Pricing {
        func card() throws -> RateCard {
            try Book.rates(
                Dictionary(
                    uniqueKeysWithValues: UsageBucket.allCases.map { ($0, String(seed.number(0...40_000))) }))
        }
        var factors: [PriceModifier: Multiplier] = [:]
        for modifier in PriceModifier.allCases where seed.once(in: 2) {
            factors[modifier] = try Multiplier(seed.pick(["0.5", "0.9", "1", "1.1", "2", "6"]))
        }
        let tiers = try [128_000, 200_000, 272_000].filter { _ in seed.once(in: 2) }
            .map { PriceTier(above: $0, rates: try card()) }
        let start = Timestamp(microseconds: 0)
        let model = try ModelPrice(
            provider: "p", name: "m", aliases: [], outputTokensMax: 70_000,
            periods: [PricePeriod(from: start, base: try card(), tiers: tiers, multipliers: factors)])
        let book = try PriceBook(hash: "", unpricedReserve: .zero, models: [model])
        return Pricing(book: book, provider: "p", time: start)
    }

    private static func randomUsage(within bound: RequestBound, _ seed: inout Seed) -> Usage {
        var usage = Usage()
        var input = bound.inputTokens
        for bucket in [UsageBucket.input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .inputAudio, .inputImage]
        {
            usage[bucket] = seed.once(in: 3) ? input : seed.number(0...input)
            input -= usage[bucket]
        }
        var output = (bound.outputTokens ?? 0) * bound.answers
        for bucket in [UsageBucket.output, .outputAudio, .outputImage] {
            usage[bucket] = seed.once(in: 3) ? output : seed.number(0...output)
            output -= usage[bucket]
        }
        usage.webSearches = seed.number(0...bound.webSearches)
        return usage
    }
}
