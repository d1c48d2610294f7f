/// What is known of a request before it is sent, each figure an upper bound.
///
/// Without more knowledge everything is possible: every kind of token, every modifier.
package struct RequestBound: Hashable, Sendable {
    /// The model asked for.
    package var model: String
    /// Input tokens: the request's bytes and an allowance for what the provider adds.
    package var inputTokens: Int64
    /// How many of ``inputTokens`` can be audio or images; nil: all.
    package var mediaTokens: Int64?
    /// Whether the request refers to input that is not in it: a file, a cached or stored conversation.
    ///
    /// Then only the model's own limit bounds its input.
    package var hasUnseenInput = false
    /// Whether no more input can be read than one request to the model holds.
    ///
    /// Not so where the provider runs tools: it reads their results, and all before them, again.
    package var isOneReading = false
    /// The output limit that the request states; nil: the model's own.
    package var outputTokens: Int64?
    /// How many answers are asked for.
    package var answers: Int64
    /// Provider-run searches that are allowed for.
    package var webSearches: Int64
    /// The kinds of usage that the request can bring about.
    package var buckets = Set(UsageBucket.allCases)
    /// What the answer to this request can say of its tier.
    package var modifiers = Set(PriceModifier.allCases)
    /// What it will say for sure.
    package var certain: Set<PriceModifier> = []

    /// The largest output limit that is believed.
    static let tokensMax: Int64 = 1 << 40
    /// The largest bound: beyond every limit, where a usage that is believed ends much earlier.
    static let countMax: Int64 = 1 << 53
    /// The input limit of a model of which it is not known.
    static let inputTokensMax: Int64 = 1_050_000

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

    /// The most input tokens of a call to `model`.
    func inputTokens(of model: ModelPrice) -> Int64 {
        if hasUnseenInput { return max(inputTokens, model.inputTokensMax ?? Self.inputTokensMax) }
        guard isOneReading, let most = model.inputTokensMax else { return inputTokens }
        // A request that holds more is refused, and costs nothing.
        return min(inputTokens, most)
    }

    /// The most output tokens of one answer of `model`.
    func outputTokens(of model: ModelPrice) -> Int64 {
        // A limit that is not positive is no limit: the provider may refuse it or fall back to its own.
        guard let stated = outputTokens, stated > 0 else { return model.outputTokensMax }
        // Somewhat more than the model is known to write may be a limit that was raised since, in a beta say.
        // Much more is refused or ignored by the provider. Beyond belief stays so: no budget should admit it.
        let most = max(model.outputTokensMax, 1) * Self.raiseMax
        return stated <= Self.statedMax ? min(stated, most) : min(stated, Self.tokensMax)
    }

    /// How many times its known output limit a model may have come to write.
    private static let raiseMax: Int64 = 4
    /// The largest output limit that a client may state in good faith.
    private static let statedMax: Int64 = 1 << 24
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
