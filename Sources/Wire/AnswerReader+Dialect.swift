import JSON

extension AnswerReader {
    /// Which provider's words an answer uses.
    enum Dialect { case anthropic, chat, responses, gemini, converse }

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
