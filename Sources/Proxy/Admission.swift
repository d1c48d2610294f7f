import Wire
import LedgerCore

/// Works out what a call must reserve before it is sent.
struct Admission {
    let prices: PriceBook
    let time: Timestamp

    /// Tokens that a provider adds to a request with tools, and some spare.
    private static let allowanceTokens: Int64 = 2_048
    /// Tokens that one image, page set or clip can cost beyond its bytes.
    private static let mediaTokens: Int64 = 20_000
    /// Searches allowed for where a request offers search without a limit.
    private static let searchesUnstated: Int64 = 10

    /// The bound of `request`, and whether the price book could work it out.
    func estimate(_ request: CallRequest, _ route: APIRoute) -> (estimate: Estimate, isPriced: Bool) {
        guard route.billing != .free else { return (Estimate(cost: .zero, tokens: 0), true) }
        let bound = RequestBound(
            model: request.model ?? "",
            inputTokens: Int64(request.bodyBytes) + Self.allowanceTokens
                + min(Int64(request.mediaParts), 10_000) * Self.mediaTokens,
            outputTokens: route.kind == .embeddings ? 0 : request.maxOutputTokens,
            answers: max(min(request.answers, 100_000), 1),
            webSearches: request.hasWebSearch
                ? min(request.webSearchesMax ?? Self.searchesUnstated, 1_000) : 0)
        let pricing = Pricing(book: prices, provider: route.provider.rawValue, time: time)
        do throws(PricingGap) { return (try pricing.upperBound(of: bound), true) } catch {
            let tokens = bound.inputTokens + min(request.maxOutputTokens ?? 0, 1 << 32)
            return (Estimate(cost: prices.unpricedReserve, tokens: tokens), false)
        }
    }
}
