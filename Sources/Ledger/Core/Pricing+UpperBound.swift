extension Pricing {
    /// An upper bound of what a request can cost.
    ///
    /// One token is at least one byte for byte-level tokenizers, so the request's size bounds its input.
    /// Every input token is taken at the dearest rate of the kinds that can occur, every output token
    /// likewise, over the tiers that the bound reaches and over every combination of the modifiers that the
    /// request can bring about.
    ///
    /// - Throws: ``PricingGap/unknownModel(_:)`` when there is no price, ``PricingGap/outOfRange``.
    package func upperBound(of request: RequestBound) throws(PricingGap) -> Estimate {
        guard let model = book.model(request.model, provider: provider), let period = model.period(at: time)
        else { throw .unknownModel(request.model) }
        let counts = 0...RequestBound.countMax
        guard counts ~= request.inputTokens, counts ~= request.webSearches else { throw .outOfRange }
        let input = request.inputTokens(of: model)
        let (product, overflow) = request.outputTokens(of: model)
            .multipliedReportingOverflow(by: max(request.answers, 1))
        // Beyond belief is beyond every limit: it must not be let in at the small amount held for unknown
        // prices.
        let output = overflow ? RequestBound.countMax : min(product, RequestBound.countMax)
        let media = request.hasUnseenInput ? input : min(max(request.mediaTokens ?? input, 0), input)
        // The real input may be anything up to the bound, so each tier below it is reachable.
        let sizes = [0] + period.thresholds.filter { $0 < input }.map { $0 + 1 }
        let search = Dearest(period, sizes, modifiers: [], certain: [])
        let rates = Dearest(period, sizes, modifiers: request.modifiers, certain: request.certain)
        do throws(MoneyError) {
            let text = try rates.rate(of: Self.textBuckets.intersection(request.buckets))
            let mixed = try rates.rate(of: Self.inputBuckets.intersection(request.buckets))
            let written = try rates.rate(of: Self.outputBuckets.intersection(request.buckets))
            let cost = try text.price(of: input - media)
                .adding(try mixed.price(of: media))
                .adding(try written.price(of: output))
                .adding(try search.rate(of: [.webSearch]).price(of: request.webSearches))
            return Estimate(cost: min(cost, .amountMax), tokens: input + output)
        } catch {
            // Beyond all that is recorded, and beyond every limit.
            return Estimate(cost: .amountMax, tokens: input + output)
        }
    }

    private static let textBuckets: Set<UsageBucket> = [.input, .cacheRead, .cacheWrite5m, .cacheWrite1h]
    private static let inputBuckets = textBuckets.union([.inputAudio, .inputImage])
    private static let outputBuckets: Set<UsageBucket> = [.output, .outputAudio, .outputImage]
}

/// The dearest rates of a period over sizes of calls and combinations of modifiers.
private struct Dearest {
    private let period: PricePeriod
    private let sizes: [Int64]
    private let combinations: [Set<PriceModifier>]

    init(
        _ period: PricePeriod, _ sizes: [Int64], modifiers: Set<PriceModifier>, certain: Set<PriceModifier>
    ) {
        self.period = period
        self.sizes = sizes
        let priced = PriceModifier.allCases.filter {
            modifiers.contains($0) && !certain.contains($0) && period.adjustments[$0] != nil
        }
        combinations = (0..<(1 << priced.count)).map { subset in
            certain.union(priced.enumerated().filter { subset >> $0.offset & 1 == 1 }.map(\.element))
        }
    }

    /// The dearest rate of any of `buckets`; a bucket without a price has none.
    func rate(of buckets: Set<UsageBucket>) throws(MoneyError) -> Rate {
        var dearest = Rate(attosPerUnit: 0)
        for bucket in buckets {
            for size in sizes {
                for modifiers in combinations {
                    let rate = try period.rate(of: bucket, inputTokens: size, modifiers: modifiers)
                    if let rate, rate.attosPerUnit > dearest.attosPerUnit { dearest = rate }
                }
            }
        }
        return dearest
    }
}
