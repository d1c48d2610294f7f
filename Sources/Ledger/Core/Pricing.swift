/// What a call is priced by: the usage, and what the provider's answer said about it.
package struct Pricing: Sendable {
    /// The book.
    package let book: PriceBook
    /// The provider's name.
    package let provider: String
    /// When the call was made: it chooses the prices in force.
    package let time: Timestamp

    /// Creates a pricing.
    package init(book: PriceBook, provider: String, time: Timestamp) {
        self.book = book
        self.provider = provider
        self.time = time
    }

    /// The exact cost of `parts`, each priced with its own model and its own tier.
    ///
    /// - Throws: a ``PricingGap`` when any used bucket has no price: a cost is whole or it is not known.
    package func cost(of parts: [UsagePart], modifiers: Set<PriceModifier>) throws(PricingGap) -> Money {
        var total = Money.zero
        for part in parts {
            let cost = try cost(of: part, modifiers: modifiers)
            do throws(MoneyError) { total = try total.adding(cost) } catch { throw .outOfRange }
        }
        guard total <= .amountMax else { throw .outOfRange }
        return total
    }

    private func cost(of part: UsagePart, modifiers: Set<PriceModifier>) throws(PricingGap) -> Money {
        guard part.usage.isPlausible else { throw .outOfRange }
        guard let period = book.model(part.model, provider: provider)?.period(at: time)
        else { throw .unknownModel(part.model) }
        let inputTokens = part.usage.inputTokens
        var total = Money.zero
        for bucket in UsageBucket.allCases where part.usage[bucket] > 0 {
            let rate: Rate?
            do throws(MoneyError) {
                rate = try period.rate(of: bucket, inputTokens: inputTokens, modifiers: modifiers)
            } catch { throw .outOfRange }
            guard let rate else { throw .noRate(model: part.model, bucket: bucket) }
            do throws(MoneyError) {
                total = try total.adding(try rate.price(of: part.usage[bucket]))
            } catch { throw .outOfRange }
        }
        return total
    }
}

/// Usage of one model within a call.
package struct UsagePart: Hashable, Sendable {
    /// The model that did the work.
    package let model: String
    /// What it used.
    package let usage: Usage

    /// Creates a part.
    package init(model: String, usage: Usage) {
        self.model = model
        self.usage = usage
    }
}

/// Why a usage has no price.
package enum PricingGap: Error, Hashable {
    /// The book has no price for this model at that time.
    case unknownModel(String)
    /// The model's prices do not name this bucket.
    case noRate(model: String, bucket: UsageBucket)
    /// A count or an amount is beyond what can be exact.
    case outOfRange
}
