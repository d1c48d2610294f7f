import LedgerCore
import LedgerRuntime
import Metrics
import Wire

/// The client metrics that OpenTelemetry names for generative models: this process's calls, once recorded.
///
/// Models are names of the price book, or `other`; calls that make nothing (lists, counts) are none of these.
final class GenAIMetrics: Sendable {
    private let tokens: Family<Histogram>
    private let duration: Family<Histogram>
    private let prices: PriceBook

    /// The bounds that the conventions recommend, in tokens.
    private static let tokenBounds: [Double] = [
        1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
        67_108_864,
    ]
    /// The bounds that the conventions recommend, in seconds.
    private static let durationBounds = [
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ]
    /// Each child has sixteen lines or more.
    private static let limits = FamilyLimits(childrenMax: 300)

    /// Makes the families in `set`.
    init(_ set: MetricSet, prices: PriceBook) {
        self.prices = prices
        tokens = set.histogram(
            "gen_ai_client_token_usage", help: "Tokens that a call used, by the provider's own figures.",
            labels: [
                "gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model",
                "gen_ai_response_model", "gen_ai_token_type",
            ], bounds: Self.tokenBounds, limits: Self.limits)
        duration = set.histogram(
            "gen_ai_client_operation_duration_seconds",
            help: "From a call's arrival to the last byte from the provider.",
            labels: [
                "gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model",
                "gen_ai_response_model", "error_type",
            ], bounds: Self.durationBounds, limits: Self.limits)
    }

    /// Counts a call that has been settled.
    func observe(_ event: CallSettled) {
        guard let kind = APIKind(rawValue: event.call.api), let operation = Self.operation(kind) else {
            return
        }
        let provider = Self.provider(event.call.provider)
        let response = ModelLabel.of(event.call.model, provider: event.call.provider, in: prices)
        let request =
            event.requestModel.map { ModelLabel.of($0, provider: event.call.provider, in: prices) }
            ?? response
        duration[operation, provider, request, response, Self.error(event)].observe(
            Double(event.durationMilliseconds) / 1_000)
        guard event.usageSource == .providerFinal || event.usageSource == .providerPartial else { return }
        let counts = [("input", event.usage.inputTokens), ("output", event.usage.outputTokens)]
        for (type, count) in counts where count > 0 {
            tokens[operation, provider, request, response, type].observe(Double(count))
        }
    }

    /// What a call does, as the conventions call it; nil: it makes nothing.
    private static func operation(_ kind: APIKind) -> String? {
        switch kind {
        case .messages, .chatCompletions, .responses: "chat"
        case .geminiGenerate, .geminiStreamGenerate: "generate_content"
        case .embeddings, .geminiEmbed: "embeddings"
        case .messageBatches, .batchResults, .countTokens, .models, .retrieval, .other: nil
        }
    }

    private static func provider(_ name: String) -> String { name == "gemini" ? "gcp.gemini" : name }

    /// Why a call did not end well: the provider's status, or a word; empty, which is no label, when it did.
    private static func error(_ event: CallSettled) -> String {
        switch event.result {
        case .ok: ""
        case .aborted: "aborted"
        case .error: (400...599).contains(event.status) ? "\(event.status)" : "_OTHER"
        }
    }
}
