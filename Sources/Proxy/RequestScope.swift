import Wire
import LedgerCore

/// What kinds of usage, and which tiers, a request can bring about.
///
/// Only what the request rules out is left out; a path that is not known rules nothing out.
struct RequestScope {
    private let request: CallRequest
    private let route: APIRoute

    init(_ request: CallRequest, _ route: APIRoute) {
        self.request = request
        self.route = route
    }

    /// The modifiers that the answer can name.
    var modifiers: Set<PriceModifier> {
        guard route.billing == .billable else { return Set(PriceModifier.allCases) }
        var modifiers: Set<PriceModifier> = []
        switch route.provider {
        case .anthropic:
            if route.kind == .messageBatches { modifiers.insert(.batch) }
            if request.speed != nil, request.speed != "standard" { modifiers.insert(.fast) }
            // Without a place in the request, the workspace's own setting counts.
            if request.inferenceGeo != "global" { modifiers.insert(.geoUs) }
            if request.serviceTier != "standard_only" { modifiers.insert(.priority) }
        case .openai:
            // `auto`, and nothing at all, mean the tier that the project is set to.
            let isSet = ["default", "flex", "scale"].contains(request.serviceTier ?? "auto")
            modifiers = isSet ? [.flex] : [.flex, .priority]
        case .gemini:
            if let tier = request.serviceTier?.lowercased(), tier != "standard" {
                modifiers = [.flex, .priority]
            }
        }
        return modifiers
    }

    /// The kinds of usage that can occur.
    func buckets(hasOtherMedia: Bool) -> Set<UsageBucket> {
        var buckets = Set(UsageBucket.allCases)
        guard route.billing == .billable else { return buckets }
        // Anthropic writes caches where it is asked to; the others write them as they like.
        if route.provider == .anthropic {
            if !request.asksForCache { buckets.remove(.cacheWrite5m) }
            if !request.asksForHourCache { buckets.remove(.cacheWrite1h) }
        } else {
            buckets.remove(.cacheWrite1h)
        }
        if !hasOtherMedia, !request.hasUnseenInput {
            buckets.remove(.inputAudio)
            if request.images.count == 0 { buckets.remove(.inputImage) }
        }
        if !request.mayAskForSound, !Self.speaks(request.model ?? "") { buckets.remove(.outputAudio) }
        return buckets
    }

    /// The most tokens that one image is read as.
    func imageTokens(model: String) -> Int64 {
        switch route.provider {
        // At most 2576 pixels a side, 28 a token: 4,784.
        case .anthropic: 5_000
        // Sixteen tiles of 258.
        case .gemini: 5_000
        // Small models count a tile as 5,667, at most eight, and 2,833 besides.
        case .openai: model.contains("4o-mini") ? 50_000 : 20_000
        }
    }

    /// Whether a model's name says that it answers in sound unasked.
    private static func speaks(_ model: String) -> Bool {
        ["audio", "tts", "live", "realtime"].contains { model.contains($0) }
    }
}
