import Wire
import LedgerCore

/// Works out what a call must reserve before it is sent.
struct Admission {
    let prices: PriceBook
    let time: Timestamp
    /// What a call holds that cannot be priced; nil: what the price book says.
    var unknownReserve: Money?

    /// What a call holds at least that cannot be priced.
    var unpricedReserve: Money { unknownReserve ?? prices.unpricedReserve }

    /// Tokens that a provider adds to a request with tools, and some spare.
    private static let allowanceTokens: Int64 = 2_048
    /// Tokens that a document, a clip or an image in an unusual place can cost beyond its bytes.
    private static let mediaTokens: Int64 = 20_000
    /// Searches allowed for where a request offers search without a limit.
    private static let searchesUnstated: Int64 = 10

    /// The bound of `request`, and whether the price book could work it out.
    func estimate(_ request: CallRequest, _ route: APIRoute) -> (estimate: Estimate, isPriced: Bool) {
        guard route.billing != .free else { return (Estimate(cost: .zero, tokens: 0), true) }
        let bound = Self.bound(of: request, route)
        let pricing = Pricing(book: prices, provider: route.provider.rawValue, time: time)
        let fees = request.hasUnpricedTools ? prices.unpricedReserve : .zero
        do throws(PricingGap) {
            var estimate = try pricing.upperBound(of: bound)
            // Each other model may read and write as much as the one that was asked.
            for model in request.otherModels where model != bound.model {
                var other = bound
                other.model = model
                other.webSearches = 0
                let more = try pricing.upperBound(of: other)
                estimate = Estimate(
                    cost: min(estimate.cost.addingClamped(more.cost), .amountMax),
                    tokens: min(estimate.tokens + more.tokens, 1 << 53))
            }
            estimate.cost = min(estimate.cost.addingClamped(fees), .amountMax)
            // What is not known to tell its usage may turn out to have no price.
            if !route.tellsUsage { estimate.cost = max(estimate.cost, unpricedReserve) }
            return (estimate, true)
        } catch {
            let tokens = bound.inputTokens + min(request.maxOutputTokens ?? 0, 1 << 32)
            let held = min(unpricedReserve.addingClamped(fees), .amountMax)
            return (Estimate(cost: held, tokens: tokens), false)
        }
    }

    /// The first model of `request` that has no price; nil: it names none, or all have one.
    func unknownModel(of request: CallRequest, _ route: APIRoute) -> String? {
        let models = (request.model.map { [$0] } ?? []) + request.otherModels.sorted()
        return models.first {
            prices.model($0, provider: route.provider.rawValue)?.period(at: time) == nil
        }
    }

    /// What `request` can come to at most.
    static func bound(of request: CallRequest, _ route: APIRoute) -> RequestBound {
        let scope = RequestScope(request, route)
        let model = request.model ?? ""
        let images = Int64(min(request.images.count, 10_000))
        let others = Int64(min(max(request.mediaParts - request.images.words, 0), 10_000))
        let imageTokens = images * scope.imageTokens(model: model)
        let text = Int64(max(request.bodyBytes - request.images.dataBytes, 0)) + allowanceTokens
        let rounds: Int64 = request.mayCompact ? 2 : 1
        var bound = RequestBound(
            model: model, inputTokens: (text + imageTokens + others * mediaTokens) * rounds,
            outputTokens: route.kind == .embeddings ? 0 : request.maxOutputTokens,
            answers: Self.answers(of: request) * rounds,
            webSearches: request.hasWebSearch
                ? min(request.webSearchesMax ?? searchesUnstated, 1_000) : 0)
        bound.mediaTokens = others > 0 ? nil : imageTokens * rounds
        bound.hasUnseenInput = request.hasUnseenInput
        bound.isOneReading =
            route.billing == .billable && route.kind != .messageBatches && !request.hasProviderTools
            && !request.mayCompact && request.otherModels.isEmpty && request.prompts == 1
        bound.buckets = scope.buckets(hasOtherMedia: others > 0)
        bound.modifiers = scope.modifiers
        bound.certain = route.kind == .messageBatches ? [.batch] : []
        return bound
    }

    /// How many answers there can be to all prompts; beyond ``answersMax`` is beyond every limit.
    private static func answers(of request: CallRequest) -> Int64 {
        let (product, overflow) = max(request.answers, 1).multipliedReportingOverflow(by: request.prompts)
        return overflow ? answersMax : min(product, answersMax)
    }

    private static let answersMax: Int64 = 1 << 40
}
