/// The prices of one model over time.
package struct ModelPrice: Sendable {
    /// The provider's name (`anthropic`, `openai`).
    package let provider: String
    /// The model's name, as the provider writes it.
    package let name: String
    /// Other names of the same model.
    package let aliases: [String]
    /// The most output tokens that one answer can hold.
    package let outputTokensMax: Int64
    /// The prices, oldest first.
    package let periods: [PricePeriod]

    /// Creates a model's prices and proves that every rate stays exact under every multiplier.
    ///
    /// - Throws: ``PriceBookError/ambiguousDates``, ``PriceBookError/inexact``.
    package init(
        provider: String, name: String, aliases: [String], outputTokensMax: Int64, periods: [PricePeriod]
    ) throws(PriceBookError) {
        let sorted = periods.sorted { $0.from < $1.from }
        guard !sorted.isEmpty, zip(sorted, sorted.dropFirst()).allSatisfy({ $0.from < $1.from })
        else { throw .ambiguousDates(provider: provider, name: name) }
        for period in sorted {
            if let bucket = period.inexactBucket {
                throw .inexact(provider: provider, name: name, bucket: bucket)
            }
        }
        self.provider = provider
        self.name = name
        self.aliases = aliases
        self.outputTokensMax = outputTokensMax
        self.periods = sorted
    }

    /// The prices in force at `time`; nil before the first.
    package func period(at time: Timestamp) -> PricePeriod? { periods.last { $0.from <= time } }
}

/// The prices of one model from one moment on.
package struct PricePeriod: Sendable {
    /// The first moment at which they hold.
    package let from: Timestamp
    /// The rates up to the first tier.
    package let base: RateCard
    /// Rates for calls with more input, lowest threshold first.
    ///
    /// A tier reprices the whole call.
    package let tiers: [PriceTier]
    /// Factors on every token rate, by what the provider's answer says.
    package let multipliers: [PriceModifier: Multiplier]

    /// Creates the prices; tiers may come in any order.
    package init(
        from: Timestamp, base: RateCard, tiers: [PriceTier], multipliers: [PriceModifier: Multiplier]
    ) {
        self.from = from
        self.base = base
        self.tiers = tiers.sorted { $0.above < $1.above }
        self.multipliers = multipliers
    }

    /// The rates for a call with `inputTokens` in all: the highest tier whose threshold is exceeded.
    package func rates(inputTokens: Int64) -> RateCard {
        tiers.last { inputTokens > $0.above }?.rates ?? base
    }

    /// The factors in the one order in which they are applied.
    var factors: [Multiplier] { PriceModifier.allCases.compactMap { multipliers[$0] } }

    /// The first bucket for which some combination of multipliers leaves the exact scale.
    var inexactBucket: UsageBucket? {
        let factors = factors
        for card in [base] + tiers.map(\.rates) {
            for bucket in UsageBucket.allCases where bucket != .webSearch {
                guard let rate = card.rates[bucket] else { continue }
                for subset in 0..<(1 << factors.count) {
                    var product: Rate? = rate
                    for (bit, factor) in factors.enumerated() where subset >> bit & 1 == 1 {
                        product = product.flatMap { try? $0.times(factor) }
                    }
                    if product == nil { return bucket }
                }
            }
        }
        return nil
    }
}

/// Rates that hold above a number of input tokens.
package struct PriceTier: Sendable {
    /// The tier holds when the call's input tokens, cached ones included, are more than this.
    package let above: Int64
    /// The rates of the tier, complete.
    package let rates: RateCard

    /// Creates a tier.
    package init(above: Int64, rates: RateCard) {
        self.above = above
        self.rates = rates
    }
}

/// One rate for each bucket that has a price.
package struct RateCard: Sendable {
    /// The rates; a bucket that is absent has no known price.
    package let rates: [UsageBucket: Rate]

    /// Creates a card.
    package init(rates: [UsageBucket: Rate]) { self.rates = rates }

    /// The rate of `bucket`; image input without a rate of its own is charged as text, as providers do.
    package func rate(of bucket: UsageBucket) -> Rate? {
        rates[bucket] ?? (bucket == .inputImage ? rates[.input] : nil)
    }

    /// This card with `other`'s rates over its own.
    package func overlaid(with other: RateCard) -> RateCard {
        RateCard(rates: rates.merging(other.rates) { _, new in new })
    }
}

/// What multiplies a token's rate, read from the provider's answer.
package enum PriceModifier: String, CaseIterable, Sendable {
    case batch, flex, priority, fast, geoUs
}
