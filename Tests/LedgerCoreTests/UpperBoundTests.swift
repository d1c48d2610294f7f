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

    @Test("what a request rules out is not reserved for")
    func ruledOut() throws {
        var bound = RequestBound(model: "claude-sonnet-4-5", inputTokens: 100, outputTokens: 10)
        bound.modifiers = [.geoUs]
        // 100 × 6 × 1.1 for a 1 h cache write, 10 × 15 × 1.1.
        #expect(try pricing().upperBound(of: bound).cost == usd("0.000825"))
        bound.buckets = [.input, .cacheRead, .output]
        #expect(try pricing().upperBound(of: bound).cost == usd("0.000495"))
        bound.modifiers = []
        #expect(try pricing().upperBound(of: bound).cost == usd("0.00045"))
        bound.certain = [.batch]
        #expect(try pricing().upperBound(of: bound).cost == usd("0.000225"))
    }

    @Test("only what can be a picture or sound is taken at their rates")
    func media() throws {
        let base = try Book.rates([.input: "1", .inputImage: "7", .output: "0"])
        let period = PricePeriod(
            from: Timestamp(microseconds: 0), base: base, tiers: [], adjustments: [:])
        let model = try ModelPrice(
            provider: "p", name: "m", aliases: [], outputTokensMax: 1, inputTokensMax: 500, periods: [period])
        let pricing = Pricing(
            book: try PriceBook(hash: "", unpricedReserve: .zero, models: [model]), provider: "p",
            time: Timestamp(microseconds: 0))
        var bound = RequestBound(model: "m", inputTokens: 100, outputTokens: 1)
        #expect(try pricing.upperBound(of: bound).cost == usd("0.0007"))
        bound.mediaTokens = 10
        #expect(try pricing.upperBound(of: bound).cost == usd("0.00016"))
        // What is not in the request may fill the model, and may be of any kind.
        bound.hasUnseenInput = true
        #expect(try pricing.upperBound(of: bound) == Estimate(cost: usd("0.0035"), tokens: 501))
        bound.hasUnseenInput = false
        bound.inputTokens = 1_000
        #expect(try pricing.upperBound(of: bound).tokens == 1_001)
        bound.isOneReading = true
        #expect(try pricing.upperBound(of: bound).tokens == 501)
    }

    @Test("a limit above the model's own is believed up to four times that, and beyond belief as it stands")
    func raisedLimit() throws {
        func tokens(_ limit: Int64) throws -> Int64 {
            try pricing().upperBound(
                of: RequestBound(model: "claude-haiku-4-5", inputTokens: 0, outputTokens: limit)
            ).tokens
        }
        #expect(try tokens(64_001) == 64_001)
        #expect(try tokens(256_000) == 256_000)
        #expect(try tokens(10_000_000) == 256_000)
        #expect(try tokens(1 << 25) == 1 << 25)
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
            var bound = RequestBound(
                model: "m", inputTokens: seed.number(0...600_000), outputTokens: seed.number(1...70_000),
                answers: seed.number(1...3), webSearches: seed.number(0...5))
            bound.buckets = Set(UsageBucket.allCases.filter { _ in !seed.once(in: 3) })
            bound.modifiers = Set(PriceModifier.allCases.filter { _ in seed.once(in: 2) })
            bound.mediaTokens = seed.once(in: 2) ? nil : seed.number(0...bound.inputTokens)
            let estimate = try pricing.upperBound(of: bound)
            for _ in 0..<8 {
                let usage = Self.randomUsage(within: bound, &seed)
                let modifiers = bound.modifiers.filter { _ in seed.once(in: 2) }
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
        func factor() throws -> Multiplier {
            try Multiplier(seed.pick(["0.5", "0.9", "1", "1.1", "2", "6"]))
        }
        func tiers() throws -> [PriceTier] {
            try [128_000, 200_000, 272_000].filter { _ in seed.once(in: 2) }
                .map { PriceTier(above: $0, rates: try card()) }
        }
        var adjustments: [PriceModifier: PriceAdjustment] = [:]
        for modifier in PriceModifier.allCases where seed.once(in: 2) {
            switch seed.number(0...2) {
            case 0: adjustments[modifier] = .factor(try factor())
            case 1: adjustments[modifier] = .factors([.input: try factor(), .output: try factor()])
            default: adjustments[modifier] = .rates(try card(), tiers: try tiers())
            }
        }
        let start = Timestamp(microseconds: 0)
        let model = try ModelPrice(
            provider: "p", name: "m", aliases: [], outputTokensMax: 70_000,
            periods: [
                PricePeriod(from: start, base: try card(), tiers: try tiers(), adjustments: adjustments)
            ])
        let book = try PriceBook(hash: "", unpricedReserve: .zero, models: [model])
        return Pricing(book: book, provider: "p", time: start)
    }

    private static func randomUsage(within bound: RequestBound, _ seed: inout Seed) -> Usage {
        var usage = Usage()
        var input = bound.inputTokens
        var media = bound.mediaTokens ?? input
        for bucket in [UsageBucket.inputAudio, .inputImage, .input, .cacheRead, .cacheWrite5m, .cacheWrite1h]
        where bound.buckets.contains(bucket) {
            let isMedia = [.inputAudio, .inputImage].contains(bucket)
            let most = isMedia ? min(media, input) : input
            usage[bucket] = seed.once(in: 3) ? most : seed.number(0...most)
            input -= usage[bucket]
            if isMedia { media -= usage[bucket] }
        }
        var output = (bound.outputTokens ?? 0) * bound.answers
        for bucket in [UsageBucket.output, .outputAudio, .outputImage]
        where bound.buckets.contains(bucket) {
            usage[bucket] = seed.once(in: 3) ? output : seed.number(0...output)
            output -= usage[bucket]
        }
        usage.webSearches = seed.number(0...bound.webSearches)
        return usage
    }
}
