/// What one modifier does to a model's token rates.
package enum PriceAdjustment: Hashable, Sendable {
    /// A factor for each kind of token; a kind that is not named keeps its rate.
    case factors([UsageBucket: Multiplier])
    /// Rates in place of the model's own, with tiers of their own; a kind of token that is not named keeps
    /// the model's rate at the call's size.
    case rates(RateCard, tiers: [PriceTier])

    /// One factor on every kind of token.
    package static func factor(_ factor: Multiplier) -> PriceAdjustment {
        .factors(
            Dictionary(
                uniqueKeysWithValues: UsageBucket.allCases.filter { $0 != .webSearch }.map { ($0, factor) }))
    }

    /// The factor on `bucket`, if this is one.
    package func factor(of bucket: UsageBucket) -> Multiplier? {
        guard case .factors(let factors) = self else { return nil }
        return factors[bucket]
    }

    /// The rate that takes the place of `standard`'s in a call with `inputTokens`, if one does.
    func rate(of bucket: UsageBucket, inputTokens: Int64, standard: RateCard) -> Rate? {
        guard case .rates(let base, let tiers) = self else { return nil }
        let card = tiers.filter { inputTokens > $0.above }.max { $0.above < $1.above }?.rates ?? base
        // Images that are charged as text are so at this price of text too.
        let isText = bucket == .inputImage && standard.rates[.inputImage] == nil
        return card.rates[bucket] ?? (isText ? card.rates[.input] : nil)
    }
}

/// What changes a token's rate, read from the provider's answer.
package enum PriceModifier: String, CaseIterable, Sendable {
    case batch, flex, priority, fast, geoUs
}
