import JSON
import Testing

@testable import Wire

@Suite("APIRoute")
struct APIRouteTests {
    static let routes: [(String, String, Provider, APIKind, CallBilling)] = [
        ("POST", "/v1/messages", .anthropic, .messages, .billable),
        ("POST", "/v1/messages/count_tokens", .anthropic, .countTokens, .free),
        ("POST", "/v1/messages/batches", .anthropic, .messageBatches, .billable),
        ("POST", "/v1/messages/batches/b1/cancel", .anthropic, .other, .free),
        ("GET", "/v1/messages/batches/b1/results", .anthropic, .batchResults, .free),
        ("GET", "/v1/messages/batches/b1", .anthropic, .retrieval, .free),
        ("DELETE", "/v1/messages/batches/b1", .anthropic, .other, .free),
        ("GET", "/v1/messages/batches/../results", .anthropic, .other, .free),
        ("POST", "/v1/chat/completions", .openai, .chatCompletions, .billable),
        ("POST", "/v1/responses", .openai, .responses, .billable),
        ("POST", "/v1/responses/r1/cancel", .openai, .other, .free),
        ("GET", "/v1/responses/r1", .openai, .retrieval, .free),
        ("GET", "/v1/responses/r1/input_items", .openai, .other, .free),
        ("GET", "/v1/chat/completions/c1", .openai, .retrieval, .free),
        ("POST", "/v1/embeddings", .openai, .embeddings, .billable),
        ("GET", "/v1/models", .openai, .models, .free),
        ("POST", "/v1beta/models/g:generateContent", .gemini, .geminiGenerate, .billable),
        ("POST", "/v1beta/models/g:streamGenerateContent", .gemini, .geminiStreamGenerate, .billable),
        ("POST", "/v1beta/models/g:countTokens", .gemini, .countTokens, .free),
        ("POST", "/v1beta/models/g:somethingNew", .gemini, .other, .unknown),
        ("GET", "/v1beta/models", .gemini, .models, .free),
        ("POST", "/v1/images/generations", .openai, .other, .unknown),
        ("POST", "/v1/messages/", .anthropic, .other, .unknown),
        ("POST", "/v1/messages/count_tokens/", .anthropic, .other, .unknown),
        ("POST", "/v1/messages/count_tokens%2f..", .anthropic, .other, .unknown),
        ("POST", "/v1/messages/batches/../cancel", .anthropic, .other, .unknown),
        ("POST", "/v1/messages/batches/..%2f../cancel", .anthropic, .other, .unknown),
        ("POST", "/v1/responses/../cancel", .openai, .other, .unknown),
        ("POST", "/v1beta/models/g:generateContent%3f:countTokens", .gemini, .other, .unknown),
        ("POST", "/v1beta/models/g:generateContent/x:countTokens", .gemini, .other, .unknown),
        ("POST", "/v1beta/models/g:generateContent#/x:countTokens", .gemini, .other, .unknown),
        ("PUT", "/v1/messages/count_tokens", .anthropic, .other, .unknown),
        ("POST", "//v1/messages", .openai, .other, .unknown),
        ("POST", "/", .openai, .other, .unknown),
        ("POST", "", .openai, .other, .unknown),
    ]

    @Test("knows what a path costs", arguments: routes)
    func knows(
        _ method: String, _ path: String, _ provider: Provider, _ kind: APIKind, _ billing: CallBilling
    ) {
        let route = APIRoute(method: method, path: path)
        #expect(route.provider == provider)
        #expect(route.kind == kind)
        #expect(route.billing == billing)
    }

    @Test("tells shared paths by the anthropic-version header")
    func shared() {
        #expect(APIRoute(method: "GET", path: "/v1/models", isAnthropic: true).provider == .anthropic)
        #expect(APIRoute(method: "POST", path: "/v1/files", isAnthropic: true).provider == .anthropic)
    }
}

@Suite("ProviderFailure")
struct ProviderFailureTests {
    static let failures: [ProviderFailure] = [
        .badRequest("a \"b\"\n"), .badKey, .notFound("x"), .tooLarge(limitBytes: 1), .quotaExceeded("q"),
        .upstreamFailed("u"), .unavailable("v"), .upstreamTimedOut,
    ]

    @Test("has each provider's own shape", arguments: failures)
    func shapes(_ failure: ProviderFailure) throws {
        let anthropic = try JSONDocument.parse(failure.body(for: .anthropic)).root
        #expect(anthropic["type"]?.string == "error")
        #expect(anthropic["error"]?["message"]?.string == failure.message)
        let openAI = try JSONDocument.parse(failure.body(for: .openai)).root
        #expect(openAI["error"]?.object.map(\.key) == ["message", "type", "param", "code"])
        #expect(openAI["error"]?["message"]?.string == failure.message)
        let gemini = try JSONDocument.parse(failure.body(for: .gemini)).root
        #expect(gemini["error"]?["code"]?.int64 == Int64(failure.status))
    }

    @Test("says that a used-up budget is a rate limit which does not pass by trying again")
    func quota() {
        let failure = ProviderFailure.quotaExceeded("daily limit reached")
        let text = #"{"type":"error","error":{"type":"rate_limit_error","message":"daily limit reached"}}"#
        #expect(String(decoding: failure.body(for: .anthropic), as: UTF8.self) == text)
        #expect(failure.status == 429)
        #expect(!failure.isRetryable)
    }

    @Test("tells whose answers say what they used")
    func tellsUsage() {
        for (path, tells) in [
            ("/v1/messages", true), ("/v1/completions", true), ("/model/a.b-v1%3A0/converse", true),
            ("/v1/fine_tuning/jobs", false), ("/v1/threads/t/runs", false),
            ("/v1beta/models/m:batchGenerateContent", false), ("/model/m/other", false),
        ] {
            #expect(APIRoute(method: "POST", path: path).tellsUsage == tells, "\(path)")
        }
        #expect(APIRoute(method: "GET", path: "/v1/anything").tellsUsage)
    }
}
