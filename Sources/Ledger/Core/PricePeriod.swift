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
    /// What changes the token rates, by what the provider's answer says.
    package let adjustments: [PriceModifier: PriceAdjustment]

    /// Creates the prices; tiers may come in any order.
    package init(
        from: Timestamp, base: RateCard, tiers: [PriceTier], adjustments: [PriceModifier: PriceAdjustment]
    ) {
        self.from = from
        self.base = base
        self.tiers = tiers.sorted { $0.above < $1.above }
        self.adjustments = adjustments
    }

    /// Creates prices whose modifiers are factors on every token rate.
    package init(
        from: Timestamp, base: RateCard, tiers: [PriceTier], multipliers: [PriceModifier: Multiplier]
    ) {
        self.init(
            from: from, base: base, tiers: tiers, adjustments: multipliers.mapValues { .factor($0) })
    }

    /// The rates for a call with `inputTokens` in all: the highest tier whose threshold is exceeded.
    package func rates(inputTokens: Int64) -> RateCard {
        tiers.last { inputTokens > $0.above }?.rates ?? base
    }

    /// The rate of `bucket` in a call with `inputTokens` in all, of which the answer says `modifiers`; nil:
    /// not known.
    ///
    /// Rates of a modifier replace the period's; where two modifiers name one, the dearer counts. Factors
    /// come on top. A modifier that this model does not price changes nothing.
    ///
    /// - Throws: ``MoneyError/overflow``; never ``MoneyError/inexact``, which loading rules out.
    package func rate(
        of bucket: UsageBucket, inputTokens: Int64, modifiers: Set<PriceModifier>
    ) throws(MoneyError) -> Rate? {
        let standard = rates(inputTokens: inputTokens)
        guard bucket != .webSearch, !modifiers.isEmpty, !adjustments.isEmpty else {
            return standard.rate(of: bucket)
        }
        let replaced = modifiers.compactMap {
            adjustments[$0]?.rate(of: bucket, inputTokens: inputTokens, standard: standard)
        }
        var rate = replaced.max { $0.attosPerUnit < $1.attosPerUnit } ?? standard.rate(of: bucket)
        for modifier in PriceModifier.allCases where modifiers.contains(modifier) {
            if let factor = adjustments[modifier]?.factor(of: bucket) { rate = try rate?.times(factor) }
        }
        return rate
    }

    /// Every number of input tokens above which some rate is another, lowest first.
    package var thresholds: [Int64] {
        var thresholds = Set(tiers.map(\.above))
        for case .rates(_, let tiers) in adjustments.values { thresholds.formUnion(tiers.map(\.above)) }
        return thresholds.sorted()
    }

    /// The first bucket for which some combination of modifiers leaves the exact scale.
    var inexactBucket: UsageBucket? {
        UsageBucket.allCases.first { bucket in
            guard bucket != .webSearch else { return false }
            let factors = PriceModifier.allCases.compactMap { adjustments[$0]?.factor(of: bucket) }
            guard !factors.isEmpty else { return false }
            return rates(of: bucket).contains { !Self.isExact($0, factors) }
        }
    }

    /// Whether some token that is written has a price.
    var pricesOutput: Bool {
        [UsageBucket.output, .outputAudio, .outputImage].contains { bucket in
            rates(of: bucket).contains { $0.attosPerUnit > 0 }
        }
    }

    /// Every rate that `bucket` can have before factors.
    private func rates(of bucket: UsageBucket) -> Set<Rate> {
        var cards = [base] + tiers.map(\.rates)
        for case .rates(let base, let tiers) in adjustments.values {
            cards.append(base)
            cards.append(contentsOf: tiers.map(\.rates))
        }
        return Set(cards.compactMap { $0.rate(of: bucket) })
    }

    private static func isExact(_ rate: Rate, _ factors: [Multiplier]) -> Bool {
        (0..<(1 << factors.count)).allSatisfy { subset in
            var product: Rate? = rate
            for (bit, factor) in factors.enumerated() where subset >> bit & 1 == 1 {
                product = product.flatMap { try? $0.times(factor) }
            }
            return product != nil
        }
    }
}

/// Rates that hold above a number of input tokens.
package struct PriceTier: Hashable, Sendable {
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
package struct RateCard: Hashable, Sendable {
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
