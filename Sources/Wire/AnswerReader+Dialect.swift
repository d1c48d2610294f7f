import JSON

extension AnswerReader {
    /// Which provider's words an answer uses.
    enum Dialect {
        case anthropic, chat, responses, gemini, converse

        /// The dialect of an API; nil: its path does not say.
        init?(of api: APIKind) {
            switch api {
            case .messages, .messageBatches, .batchResults: self = .anthropic
            case .chatCompletions, .embeddings: self = .chat
            case .responses: self = .responses
            case .geminiGenerate, .geminiStreamGenerate, .geminiEmbed: self = .gemini
            case .countTokens, .models, .retrieval, .other: return nil
            }
        }
    }

    /// Tells the dialect of an answer on an unknown path by its words.
    static func dialect(of root: JSONValue) -> Dialect? {
        if root["usageMetadata"] != nil || root["promptTokenCount"] != nil { return .gemini }
        if root["response"]?.kind == .object || root["object"]?.isString("response") ?? false {
            return .responses
        }
        if root["message"]?["usage"] != nil { return .anthropic }
        let usage = root["usage"] ?? root["metadata"]?["usage"] ?? root
        if usage["inputTokens"] != nil { return .converse }
        if root["type"]?.isString("message_batch") ?? false { return .anthropic }
        if usage["prompt_tokens"] != nil { return .chat }
        if usage["total_tokens"] != nil || usage["input_tokens_details"] != nil { return .responses }
        if usage["input_tokens"] != nil || usage["output_tokens"] != nil { return .anthropic }
        return root["choices"] == nil ? nil : .chat
    }
}
