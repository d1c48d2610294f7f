/// Whose API a call speaks, and so whose error shape its answers have.
package enum Provider: String, CaseIterable, Sendable {
    case anthropic, openai, gemini
}

/// What kind of answer a call has, and so how usage is read from it.
package enum APIKind: String, CaseIterable, Sendable {
    case messages, messageBatches, countTokens
    case chatCompletions, responses, embeddings
    case geminiGenerate, geminiStreamGenerate, geminiEmbed
    case models
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
    package let kind: APIKind
    /// Whether it can cost money.
    package let billing: CallBilling
    /// The model, where the path names it (Gemini).
    package var model: String?

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
            let kind: APIKind = segments.dropFirst().first == "models" ? .models : .other
            self.init(provider, kind, .free)
            return
        }
        if isGemini, segments.count >= 3, let call = segments.last {
            self.init(gemini: call, isCollection: segments[1] == "models" || segments[1] == "tunedModels")
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
        default: self.init(provider, .other, .unknown)
        }
    }

    /// Whether the path itself says that the answer is a stream.
    package var isStreamedByPath: Bool { kind == .geminiStreamGenerate }

    private init(_ provider: Provider, _ kind: APIKind, _ billing: CallBilling, model: String? = nil) {
        self.provider = provider
        self.kind = kind
        self.billing = billing
        self.model = model
    }

    private init(gemini call: String, isCollection: Bool) {
        guard isCollection, let colon = call.lastIndex(of: ":") else {
            self.init(.gemini, .other, .unknown)
            return
        }
        let model = String(call[..<colon])
        switch call[call.index(after: colon)...] {
        case "generateContent": self.init(.gemini, .geminiGenerate, .billable, model: model)
        case "streamGenerateContent": self.init(.gemini, .geminiStreamGenerate, .billable, model: model)
        case "embedContent", "batchEmbedContents": self.init(.gemini, .geminiEmbed, .billable, model: model)
        case "countTokens" where Self.isName(model): self.init(.gemini, .countTokens, .free, model: model)
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
