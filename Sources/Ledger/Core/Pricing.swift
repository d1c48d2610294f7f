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
        let card = period.rates(inputTokens: part.usage.inputTokens)
        var total = Money.zero
        for bucket in UsageBucket.allCases where part.usage[bucket] > 0 {
            guard var rate = card.rate(of: bucket) else { throw .noRate(model: part.model, bucket: bucket) }
            do throws(MoneyError) {
                if bucket != .webSearch {
                    for modifier in PriceModifier.allCases where modifiers.contains(modifier) {
                        // A modifier without a factor is one that this model does not charge for.
                        if let factor = period.multipliers[modifier] { rate = try rate.times(factor) }
                    }
                }
                total = try total.adding(try rate.price(of: part.usage[bucket]))
            } catch { throw .outOfRange }
        }
        return total
    }

    /// An upper bound of what a request can cost.
    ///
    /// One token is at least one byte for byte-level tokenizers, so the request's size bounds its input.
    /// Every input token is taken at the dearest input rate, every output token at the dearest output rate,
    /// of the tiers that the bound reaches, and with every modifier that makes it dearer.
    ///
    /// - Throws: ``PricingGap/unknownModel(_:)`` when there is no price, ``PricingGap/outOfRange``.
    package func upperBound(of request: RequestBound) throws(PricingGap) -> Estimate {
        guard let model = book.model(request.model, provider: provider), let period = model.period(at: time)
        else { throw .unknownModel(request.model) }
        // A limit that is not positive is no limit: the provider may refuse it or fall back to its own.
        let stated = request.outputTokens.flatMap { $0 > 0 ? $0 : nil } ?? model.outputTokensMax
        let outputEach = min(stated, RequestBound.tokensMax)
        let (product, overflow) = outputEach.multipliedReportingOverflow(by: max(request.answers, 1))
        // Beyond belief is beyond every limit: it must not be let in at the small amount held for unknown
        // prices.
        let output = overflow ? RequestBound.countMax : min(product, RequestBound.countMax)
        let counts = 0...RequestBound.countMax
        guard counts ~= request.inputTokens, counts ~= request.webSearches
        else { throw .outOfRange }
        // The real input may be anything up to the bound, so each tier below it is reachable.
        let cards = [period.base] + period.tiers.filter { request.inputTokens > $0.above }.map(\.rates)
        let dearer = period.factors.filter { Int128($0.millionths) > Multiplier.one }
        do throws(MoneyError) {
            var inputRate = dearest(
                in: cards, of: [.input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .inputAudio, .inputImage])
            var outputRate = dearest(in: cards, of: [.output, .outputAudio, .outputImage])
            for factor in dearer {
                inputRate = try inputRate.times(factor)
                outputRate = try outputRate.times(factor)
            }
            let searchRate = dearest(in: cards, of: [.webSearch])
            let cost = try inputRate.price(of: request.inputTokens)
                .adding(try outputRate.price(of: output))
                .adding(try searchRate.price(of: request.webSearches))
            return Estimate(cost: min(cost, .amountMax), tokens: request.inputTokens + output)
        } catch {
            // Beyond all that is recorded, and beyond every limit.
            return Estimate(cost: .amountMax, tokens: request.inputTokens + output)
        }
    }

    private func dearest(in cards: [RateCard], of buckets: [UsageBucket]) -> Rate {
        var dearest = Rate(attosPerUnit: 0)
        for card in cards {
            for bucket in buckets {
                if let rate = card.rates[bucket], rate.attosPerUnit > dearest.attosPerUnit { dearest = rate }
            }
        }
        return dearest
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

/// What is known of a request before it is sent, each figure an upper bound.
package struct RequestBound: Hashable, Sendable {
    /// The model asked for.
    package var model: String
    /// Input tokens: the request's bytes and an allowance for what the provider adds.
    package var inputTokens: Int64
    /// The output limit that the request states; nil: the model's own.
    package var outputTokens: Int64?
    /// How many answers are asked for.
    package var answers: Int64
    /// Provider-run searches that are allowed for.
    package var webSearches: Int64

    /// The largest output limit that is believed.
    static let tokensMax: Int64 = 1 << 40
    /// The largest bound: beyond every limit, where a usage that is believed ends much earlier.
    static let countMax: Int64 = 1 << 53

    /// Creates a bound.
    package init(
        model: String, inputTokens: Int64, outputTokens: Int64?, answers: Int64 = 1, webSearches: Int64 = 0
    ) {
        self.model = model
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.answers = answers
        self.webSearches = webSearches
    }
}

/// An upper bound of a call: what is reserved for it.
package struct Estimate: Hashable, Sendable {
    /// At most this much money.
    package var cost: Money
    /// At most this many tokens, in and out.
    package var tokens: Int64

    /// Creates an estimate.
    package init(cost: Money, tokens: Int64) {
        self.cost = cost
        self.tokens = tokens
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
