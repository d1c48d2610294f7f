/// Prices of one model from one moment on, each by what it is for, as a publication lists them.
package struct PriceSheet: Hashable, Sendable {
    /// The first moment at which they hold; nil: the publication does not say.
    package var from: Timestamp?
    /// What is listed, and nothing else.
    package var rates: [Entry: Rate]
    /// Factors that are listed as such.
    package var factors: [PriceModifier: Multiplier]

    /// What a rate is for.
    package struct Entry: Hashable, Sendable {
        /// The modifier that it is for; nil: the price without any.
        package var modifier: PriceModifier?
        /// The number of input tokens above which it holds; 0: from the first.
        package var above: Int64
        /// The kind of usage.
        package var bucket: UsageBucket

        /// Creates an entry.
        package init(_ bucket: UsageBucket, above: Int64 = 0, modifier: PriceModifier? = nil) {
            self.bucket = bucket
            self.above = above
            self.modifier = modifier
        }

        /// What a person reads: `priority output above 272000`.
        package var text: String {
            (modifier.map { "\($0.rawValue) " } ?? "") + bucket.rawValue
                + (above > 0 ? " above \(above)" : "")
        }
    }

    /// Creates a sheet.
    package init(
        from: Timestamp? = nil, rates: [Entry: Rate] = [:], factors: [PriceModifier: Multiplier] = [:]
    ) {
        self.from = from
        self.rates = rates
        self.factors = factors
    }

    /// Whether it can price a call at all.
    package var isUsable: Bool { rates[Entry(.input)] != nil }

    /// The sheet as a price book's period, over what `known` has and this does not list.
    ///
    /// `fills` has kinds of usage and those whose rate they have where none of their own is listed.
    package func period(
        from: Timestamp, over known: PricePeriod? = nil, fills: [UsageBucket: UsageBucket] = [:]
    ) -> PricePeriod {
        let listed = card(above: 0, modifier: nil)
        let base = (known?.base ?? RateCard(rates: [:])).overlaid(with: listed.filled(fills))
        let tiers = thresholds(of: nil).map { above in
            PriceTier(
                above: above,
                rates: base.overlaid(with: card(above: above, modifier: nil).filled(fills, unless: listed)))
        }
        var adjustments = known?.adjustments ?? [:]
        for (modifier, factor) in factors { adjustments[modifier] = .factor(factor) }
        for modifier in PriceModifier.allCases {
            let own = card(above: 0, modifier: modifier).filled(fills, unless: listed)
            guard !own.rates.isEmpty else { continue }
            let tiers = thresholds(of: modifier).map { above in
                let tier = card(above: above, modifier: modifier).filled(fills, unless: listed)
                return PriceTier(above: above, rates: own.overlaid(with: tier))
            }
            adjustments[modifier] = .rates(own, tiers: tiers)
        }
        return PricePeriod(from: from, base: base, tiers: tiers, adjustments: adjustments)
    }

    private func card(above: Int64, modifier: PriceModifier?) -> RateCard {
        let own = rates.filter { $0.key.above == above && $0.key.modifier == modifier }
        return RateCard(rates: Dictionary(uniqueKeysWithValues: own.map { ($0.key.bucket, $0.value) }))
    }

    private func thresholds(of modifier: PriceModifier?) -> [Int64] {
        Set(rates.keys.filter { $0.modifier == modifier && $0.above > 0 }.map(\.above)).sorted()
    }
}

extension RateCard {
    /// This card with rates for the kinds in `fills` that neither it nor `listed` names.
    fileprivate func filled(_ fills: [UsageBucket: UsageBucket], unless listed: RateCard? = nil) -> RateCard {
        var rates = rates
        for (bucket, other) in fills where rates[bucket] == nil && listed?.rates[bucket] == nil {
            rates[bucket] = self.rates[other]
        }
        return RateCard(rates: rates)
    }
}
