/// What one model call used, in disjoint buckets: Σ bucket = the provider's own total, Σ bucket × rate = the
/// cost.
package struct Usage: Hashable, Sendable {
    /// Input tokens that no other bucket holds.
    package var input: Int64 = 0
    /// Input tokens read from a prompt cache.
    package var cacheRead: Int64 = 0
    /// Input tokens written to a cache that lives five minutes (or whose life is not stated).
    package var cacheWrite5m: Int64 = 0
    /// Input tokens written to a cache that lives an hour.
    package var cacheWrite1h: Int64 = 0
    /// Audio input tokens.
    package var inputAudio: Int64 = 0
    /// Image input tokens, where the provider counts them apart.
    package var inputImage: Int64 = 0
    /// Output tokens that no other bucket holds; reasoning included.
    package var output: Int64 = 0
    /// Audio output tokens.
    package var outputAudio: Int64 = 0
    /// Image output tokens.
    package var outputImage: Int64 = 0
    /// Web searches run by the provider.
    package var webSearches: Int64 = 0
    /// Reasoning tokens: a subset of ``output``, for information, never added.
    package var reasoning: Int64 = 0

    /// Creates a usage of nothing.
    package init() {}

    /// All input tokens, cached or not.
    package var inputTokens: Int64 {
        input &+ cacheRead &+ cacheWrite5m &+ cacheWrite1h &+ inputAudio &+ inputImage
    }

    /// All output tokens.
    package var outputTokens: Int64 { output &+ outputAudio &+ outputImage }

    /// The count in `bucket`.
    package subscript(bucket: UsageBucket) -> Int64 {
        get {
            switch bucket {
            case .input: input
            case .cacheRead: cacheRead
            case .cacheWrite5m: cacheWrite5m
            case .cacheWrite1h: cacheWrite1h
            case .inputAudio: inputAudio
            case .inputImage: inputImage
            case .output: output
            case .outputAudio: outputAudio
            case .outputImage: outputImage
            case .webSearch: webSearches
            }
        }
        set {
            switch bucket {
            case .input: input = newValue
            case .cacheRead: cacheRead = newValue
            case .cacheWrite5m: cacheWrite5m = newValue
            case .cacheWrite1h: cacheWrite1h = newValue
            case .inputAudio: inputAudio = newValue
            case .inputImage: inputImage = newValue
            case .output: output = newValue
            case .outputAudio: outputAudio = newValue
            case .outputImage: outputImage = newValue
            case .webSearch: webSearches = newValue
            }
        }
    }

    /// Whether every count is in 0…``countMax``, so that no sum of buckets and no product with a rate can
    /// overflow.
    package var isPlausible: Bool {
        UsageBucket.allCases.allSatisfy { (0...Self.countMax).contains(self[$0]) }
            && (0...Self.countMax).contains(reasoning)
    }

    /// Adds `other`; a sum stays within 2⁵³.
    package mutating func add(_ other: Usage) {
        for bucket in UsageBucket.allCases { self[bucket] = Self.sum(self[bucket], other[bucket]) }
        reasoning = Self.sum(reasoning, other.reasoning)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? sumMax : min(sum, sumMax)
    }

    private static let sumMax: Int64 = 1 << 53

    /// The largest count that is believed, 10¹¹.
    ///
    /// No model reads or writes that much in one call or run. Sums of very many such counts stay below 2⁶³,
    /// here and in SQL's `bigint`: one liar can stop neither.
    package static let countMax: Int64 = 100_000_000_000
}

/// A kind of usage that has a rate of its own.
package enum UsageBucket: String, CaseIterable, Sendable {
    case input, cacheRead, cacheWrite5m, cacheWrite1h, inputAudio, inputImage
    case output, outputAudio, outputImage
    case webSearch
}

/// Where a usage comes from.
package enum UsageSource: String, CaseIterable, Sendable {
    /// The provider's own final figures.
    case providerFinal = "provider_final"
    /// The provider's figures up to where the answer broke off.
    case providerPartial = "provider_partial"
    /// An agent's report about itself.
    case reportedByAgent = "reported_by_agent"
    /// Worked out here: a bound, not a report.
    case estimated
    /// No usage was seen and none is assumed.
    case none
}
