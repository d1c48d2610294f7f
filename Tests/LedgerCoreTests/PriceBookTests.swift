import LedgerCore
import Testing

/// A small book with each thing that prices do.
enum Book {
    static func rates(_ rates: [UsageBucket: String]) throws -> RateCard {
        RateCard(
            rates: try Dictionary(
                uniqueKeysWithValues: rates.map { bucket, text in
                    (
                        bucket,
                        bucket == .webSearch
                            ? try Rate(dollarsPerThousand: text) : try Rate(dollarsPerMillion: text)
                    )
                }))
    }

    static func sample() throws -> PriceBook {
        let base = try rates([
            .input: "3", .cacheRead: "0.3", .cacheWrite5m: "3.75", .cacheWrite1h: "6", .output: "15",
            .webSearch: "10",
        ])
        let long = base.overlaid(
            with: try rates([
                .input: "6", .cacheRead: "0.6", .cacheWrite5m: "7.5", .cacheWrite1h: "12", .output: "22.5",
            ]))
        let factors: [PriceModifier: Multiplier] = [
            .batch: try Multiplier("0.5"), .geoUs: try Multiplier("1.1"), .fast: try Multiplier("6"),
        ]
        let start = try moment("2025-09-29T00:00:00Z")
        let sonnet = try ModelPrice(
            provider: "anthropic", name: "claude-sonnet-4-5", aliases: ["claude-sonnet-4-5-latest"],
            outputTokensMax: 64_000,
            periods: [
                PricePeriod(
                    from: try moment("2026-03-13T00:00:00Z"), base: base, tiers: [], multipliers: factors),
                PricePeriod(
                    from: start, base: base, tiers: [PriceTier(above: 200_000, rates: long)],
                    multipliers: factors),
            ])
        let cheap = try ModelPrice(
            provider: "anthropic", name: "claude-haiku-4-5", aliases: [], outputTokensMax: 64_000,
            periods: [
                PricePeriod(
                    from: start, base: try rates([.input: "1", .output: "5"]), tiers: [], multipliers: [:])
            ])
        return try PriceBook(hash: "book", unpricedReserve: usd("1"), models: [sonnet, cheap])
    }
}

@Suite("PriceBook")
struct PriceBookTests {
    @Test("finds a model by name, by alias and without its date")
    func names() throws {
        let book = try Book.sample()
        for name in [
            "claude-sonnet-4-5", "claude-sonnet-4-5-latest", "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5-2025-09-29", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5@default",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-v1", "models/claude-sonnet-4-5",
            "models/claude-sonnet-4-5-latest",
        ] {
            #expect(book.model(name, provider: "anthropic")?.name == "claude-sonnet-4-5", "\(name)")
        }
    }

    @Test(
        "does not guess",
        arguments: [
            "claude-sonnet-4", "claude-sonnet-4-5-2025", "claude-sonnet-4-5-202509290", "", "20250929",
            "-20250929", "claude-sonnet-4-5-2025-9-29", "Claude-Sonnet-4-5", "claude-sonnet-4-5-x0250929",
            "anthropic.", "us.anthropic.", "models/", "us.amazon.claude-sonnet-4-5", "-latest", "-v1:0",
            "claude-sonnet-4-5-v1:", "claude-sonnet-4-5-v", "claude-sonnet-4-5@2025092",
            "u5.anthropic.claude-sonnet-4-5",
        ])
    func unknown(_ name: String) throws {
        let book = try Book.sample()
        #expect(book.model(name, provider: "anthropic") == nil)
        #expect(book.model("claude-sonnet-4-5", provider: "openai") == nil)
    }

    @Test("a dated name with a price of its own has that one")
    func datedNames() throws {
        func model(_ name: String, _ price: String) throws -> ModelPrice {
            try ModelPrice(
                provider: "openai", name: name, aliases: [], outputTokensMax: 1,
                periods: [
                    PricePeriod(
                        from: Timestamp(microseconds: 0), base: try Book.rates([.input: price]), tiers: [],
                        multipliers: [:])
                ])
        }
        let models = [try model("gpt-4o", "2.5"), try model("gpt-4o-2024-05-13", "5")]
        let book = try PriceBook(hash: "", unpricedReserve: .zero, models: models)
        #expect(book.model("gpt-4o-2024-05-13", provider: "openai")?.name == "gpt-4o-2024-05-13")
        #expect(book.model("gpt-4o-2024-08-06", provider: "openai")?.name == "gpt-4o")
    }

    @Test("two models of one provider cannot share a name")
    func duplicates() throws {
        let models = try Book.sample().models
        #expect(throws: PriceBookError.duplicateName(provider: "anthropic", name: "claude-haiku-4-5")) {
            try PriceBook(hash: "", unpricedReserve: .zero, models: models + [models[1]])
        }
    }

    @Test("the prices in force are those of the moment")
    func periods() throws {
        let model = try #require(try Book.sample().model("claude-sonnet-4-5", provider: "anthropic"))
        #expect(model.period(at: try moment("2025-09-28T23:59:59.999999Z")) == nil)
        #expect(model.period(at: try moment("2025-09-29T00:00:00Z"))?.tiers.count == 1)
        #expect(model.period(at: try moment("2026-03-12T23:59:59.999999Z"))?.tiers.count == 1)
        #expect(model.period(at: try moment("2026-03-13T00:00:00Z"))?.tiers.count == 0)
        #expect(model.period(at: Timestamp(microseconds: .max))?.tiers.count == 0)
    }

    @Test("no period, or two from one moment, is refused")
    func ambiguous() throws {
        let period = PricePeriod(
            from: Timestamp(microseconds: 0), base: try Book.rates([.input: "1"]), tiers: [], multipliers: [:]
        )
        for periods in [[], [period, period]] {
            #expect(throws: PriceBookError.ambiguousDates(provider: "p", name: "m")) {
                try ModelPrice(
                    provider: "p", name: "m", aliases: [], outputTokensMax: 1, periods: periods)
            }
        }
    }

    @Test("a rate that some factor makes inexact is refused, in a tier too")
    func inexact() throws {
        let half = [PriceModifier.batch: try Multiplier("0.5")]
        let odd = RateCard(rates: [.output: Rate(attosPerUnit: 3)])
        let even = RateCard(rates: [.output: Rate(attosPerUnit: 4)])
        let start = Timestamp(microseconds: 0)
        for period in [
            PricePeriod(from: start, base: odd, tiers: [], multipliers: half),
            PricePeriod(
                from: start, base: even, tiers: [PriceTier(above: 1, rates: odd)], multipliers: half),
            // Exact by each factor alone, not by both.
            PricePeriod(
                from: start, base: RateCard(rates: [.output: Rate(attosPerUnit: 2)]), tiers: [],
                multipliers: [.batch: try Multiplier("0.5"), .flex: try Multiplier("0.5")]),
        ] {
            #expect(throws: PriceBookError.inexact(provider: "p", name: "m", bucket: .output)) {
                try ModelPrice(
                    provider: "p", name: "m", aliases: [], outputTokensMax: 1, periods: [period])
            }
        }
    }
}
