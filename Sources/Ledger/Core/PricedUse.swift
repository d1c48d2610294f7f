/// Units that share one rate: the piece of a cost that explains itself.
package struct PricedUse: Hashable, Sendable {
    /// The kind of usage.
    package let bucket: UsageBucket
    /// How many.
    package let units: Int64
    /// The price of one, every modifier included.
    package let rate: Rate
    /// The tier that the call was in; nil: the model's first rates.
    package let tierAbove: Int64?
    /// What the provider's answer said that changes this model's rates, in one order.
    package let modifiers: [PriceModifier]
}

extension Pricing {
    /// The pieces of what `part` cost, one for each bucket that it used: Σ units × rate = the cost.
    ///
    /// - Throws: ``PricingGap`` as ``cost(of:modifiers:)`` does.
    package func pieces(
        of part: UsagePart, modifiers: Set<PriceModifier>
    ) throws(PricingGap) -> [PricedUse] {
        guard part.usage.isPlausible else { throw .outOfRange }
        guard let period = book.model(part.model, provider: provider)?.period(at: time)
        else { throw .unknownModel(part.model) }
        let inputTokens = part.usage.inputTokens
        let tier = period.tiers.last { inputTokens > $0.above }?.above
        let effective = PriceModifier.allCases.filter { modifiers.contains($0) && period.prices($0) }
        var pieces: [PricedUse] = []
        for bucket in UsageBucket.allCases where part.usage[bucket] > 0 {
            let rate: Rate?
            do throws(MoneyError) {
                rate = try period.rate(of: bucket, inputTokens: inputTokens, modifiers: modifiers)
            } catch { throw .outOfRange }
            guard let rate else { throw .noRate(model: part.model, bucket: bucket) }
            pieces.append(
                PricedUse(
                    bucket: bucket, units: part.usage[bucket], rate: rate, tierAbove: tier,
                    modifiers: bucket == .webSearch ? [] : effective))
        }
        return pieces
    }
}

extension PricePeriod {
    /// Whether `modifier` changes anything here.
    fileprivate func prices(_ modifier: PriceModifier) -> Bool { adjustments[modifier] != nil }
}
