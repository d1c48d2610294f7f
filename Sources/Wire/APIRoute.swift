/// Whose API a call speaks, and so whose error shape its answers have.
package enum Provider: String, CaseIterable, Sendable {
    case anthropic, openai, gemini
}

/// What kind of answer a call has, and so how usage is read from it.
package enum APIKind: String, CaseIterable, Sendable {
    case messages, messageBatches, batchResults, countTokens
    case chatCompletions, responses, embeddings
    case geminiGenerate, geminiStreamGenerate, geminiEmbed
    case models
    /// An answer that an earlier call made, read again: a response, the state of a batch.
    case retrieval
    case other
}

/// Whether a call can cost money.
package enum CallBilling: String, Sendable {
    /// Reads, counts and cancellations: recorded with cost 0.
    case free
    /// Priced by its usage.
    case billable
    /// A path that is not known here: metered as far as usage can be read, never free.
    case unknown
}

/// What a method and a path ask for.
package struct APIRoute: Hashable, Sendable {
    /// Whose API.
    package let provider: Provider
    /// Which call.
    package private(set) var kind: APIKind
    /// Whether it can cost money.
    package let billing: CallBilling
    /// The model, where the path names it (Gemini, Bedrock).
    package var model: String?
    /// Whether the answer tells all that it used: so do those of paths that are known here, Bedrock's too.
    package private(set) var tellsUsage: Bool
    /// The provider's id of the answer that a call reads, where the path names it.
    package private(set) var answerID: String?

    /// Finds the route of a request; every method and path has one.
    ///
    /// Only exact, known paths are free or priced as known: any other spelling of them is
    /// ``CallBilling/unknown``.
    ///
    /// - Parameters:
    ///   - method: the HTTP method, upper case.
    ///   - path: the path as it was sent, without query.
    ///   - isAnthropic: whether the request has an `anthropic-version` header; decides other paths.
    package init(method: String, path: String, isAnthropic: Bool = false) {
        let shared: Provider = isAnthropic ? .anthropic : .openai
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(
            String.init)
        let isGemini = segments.first.map { $0.hasPrefix("v1beta") || $0 == "v1alpha" } ?? false
        let provider = Self.provider(of: segments, isGemini: isGemini, shared: shared)
        guard ["POST", "PUT", "PATCH"].contains(method) else {
            // GET, HEAD, OPTIONS and DELETE make nothing: an answer polled for was billed when it was made.
            self.init(provider, .other, .free)
            readOnly(method == "GET" ? segments : Array(segments.prefix(2)))
            return
        }
        if isGemini, segments.count >= 3, let call = segments.last {
            let isCollection = segments[1] == "models" || segments[1] == "tunedModels"
            self.init(gemini: call, isCollection: isCollection, isWhole: segments.count == 3)
            return
        }
        switch method == "POST" ? Array(segments) : [] {
        case ["v1", "messages"]: self.init(.anthropic, .messages, .billable)
        case ["v1", "messages", "count_tokens"]: self.init(.anthropic, .countTokens, .free)
        case ["v1", "messages", "batches"]: self.init(.anthropic, .messageBatches, .billable)
        case ["v1", "chat", "completions"], ["v1", "completions"]:
            self.init(.openai, .chatCompletions, .billable)
        case ["v1", "responses"], ["v1", "responses", "compact"]: self.init(.openai, .responses, .billable)
        case ["v1", "responses", "input_tokens"]: self.init(.openai, .countTokens, .free)
        case ["v1", "embeddings"]: self.init(.openai, .embeddings, .billable)
        case let call
        where call.count == 4 && call[0...1] == ["v1", "responses"] && Self.isName(call[2])
            && call[3] == "cancel":
            self.init(.openai, .other, .free)
        case let call
        where call.count == 5 && call[0...2] == ["v1", "messages", "batches"] && Self.isName(call[3])
            && call[4] == "cancel":
            self.init(.anthropic, .other, .free)
        default:
            self.init(provider, .other, .unknown, model: Self.bedrockModel(segments))
            tellsUsage = model != nil
        }
    }

    /// Finds what a call that makes nothing reads.
    private mutating func readOnly(_ segments: [String]) {
        if segments.dropFirst().first == "models" { kind = .models }
        guard segments.first == "v1" else { return }
        let rest = Array(segments.dropFirst())
        switch rest.first {
        case "responses" where rest.count == 2 && Self.isName(rest[1]):
            (kind, answerID) = (.retrieval, rest[1])
        case "chat" where rest.count == 3 && rest[1] == "completions" && Self.isName(rest[2]):
            (kind, answerID) = (.retrieval, rest[2])
        case "messages" where rest.count > 2 && rest[1] == "batches" && Self.isName(rest[2]):
            let isResults = rest.count == 4 && rest[3] == "results"
            (kind, answerID) = (isResults ? .batchResults : .retrieval, rest[2])
        default: break
        }
    }

    /// The model in a path of Bedrock's runtime.
    private static func bedrockModel(_ segments: [String]) -> String? {
        let calls = ["converse", "converse-stream", "invoke", "invoke-with-response-stream"]
        guard segments.count == 3, segments[0] == "model", calls.contains(segments[2]) else { return nil }
        // A colon is the one character of their names that may come escaped.
        let name = segments[1].split(separator: "%3", omittingEmptySubsequences: false)
        let parts = name.enumerated().map { offset, part in
            offset > 0 && (part.first == "A" || part.first == "a") ? ":" + part.dropFirst() : String(part)
        }
        return parts.joined()
    }

    /// Whether the path itself says that the answer is a stream.
    package var isStreamedByPath: Bool { kind == .geminiStreamGenerate }

    private init(_ provider: Provider, _ kind: APIKind, _ billing: CallBilling, model: String? = nil) {
        self.provider = provider
        self.kind = kind
        self.billing = billing
        self.model = model
        tellsUsage = billing != .unknown
    }

    /// `isWhole`: the call stands right behind its collection.
    private init(gemini call: String, isCollection: Bool, isWhole: Bool) {
        guard isCollection, let colon = call.lastIndex(of: ":") else {
            self.init(.gemini, .other, .unknown)
            return
        }
        let model = String(call[..<colon])
        switch call[call.index(after: colon)...] {
        case "generateContent": self.init(.gemini, .geminiGenerate, .billable, model: model)
        case "streamGenerateContent": self.init(.gemini, .geminiStreamGenerate, .billable, model: model)
        case "embedContent", "batchEmbedContents": self.init(.gemini, .geminiEmbed, .billable, model: model)
        case "countTokens" where isWhole && Self.isName(model):
            self.init(.gemini, .countTokens, .free, model: model)
        default: self.init(.gemini, .other, .unknown, model: model)
        }
    }

    /// Whether `segment` can only be a name: dots and escapes could lead a provider to another path.
    private static func isName(_ segment: String) -> Bool {
        segment.utf8.contains { $0 != UInt8(ascii: ".") }
            && segment.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func provider(of segments: [String], isGemini: Bool, shared: Provider) -> Provider {
        guard !isGemini else { return .gemini }
        switch segments.dropFirst().first {
        case "messages": return .anthropic
        case "chat", "responses", "embeddings", "completions", "audio", "images", "moderations":
            return .openai
        default: return shared
        }
    }
}
