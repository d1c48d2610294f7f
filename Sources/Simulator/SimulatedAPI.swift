import HTTP

/// The calls that are answered, by the word that stands for each in the record.
enum SimulatedAPI: String, CaseIterable {
    case messages
    case countTokens = "count_tokens"
    case chatCompletions = "chat_completions"
    case responses, embeddings

    /// Finds the call at a path.
    init?(path: String) {
        guard let api = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = api
    }

    /// Where the call is made.
    var path: String {
        switch self {
        case .messages: "/v1/messages"
        case .countTokens: "/v1/messages/count_tokens"
        case .chatCompletions: "/v1/chat/completions"
        case .responses: "/v1/responses"
        case .embeddings: "/v1/embeddings"
        }
    }

    /// Whose call it is.
    var provider: SimulatedProvider {
        switch self {
        case .messages, .countTokens: .anthropic
        case .chatCompletions, .responses, .embeddings: .openAI
        }
    }

    /// What the identifier of an answer begins with.
    var idPrefix: String {
        switch self {
        case .messages: "msg_01"
        case .countTokens: "count_"
        case .chatCompletions: "chatcmpl-"
        case .responses: "resp_"
        case .embeddings: "embd-"
        }
    }
}

/// Whose words an answer uses.
enum SimulatedProvider {
    case anthropic, openAI

    /// Guesses from the fields that only one of the SDKs sends, for the paths that both have.
    init(of headers: HTTPHeaders) {
        self = headers["anthropic-version"] == nil && headers["x-api-key"] == nil ? .openAI : .anthropic
    }

    /// Whether there are credentials; any will do.
    func isAuthenticated(_ headers: HTTPHeaders) -> Bool {
        if self == .anthropic, let key = headers["x-api-key"], !key.isEmpty { return true }
        guard let field = headers["authorization"] else { return false }
        return field.utf8.count > 7 && field.prefix(7).lowercased() == "bearer "
    }
}
