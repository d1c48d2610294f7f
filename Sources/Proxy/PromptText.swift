import JSON
import LedgerRuntime

/// What is recorded of a request's prompt: the last thing that the user said.
enum PromptText {
    /// The last user text in `document`, as `policy` wants it; nil when there is none, or none is wanted.
    static func recorded(_ document: JSONDocument, policy: PromptPolicy) -> String? {
        guard policy != .off, let text = lastUserText(document.root) else { return nil }
        return policy.recorded(text)
    }

    private static func lastUserText(_ root: JSONValue) -> String? {
        if let messages = root["messages"] { return lastUserText(in: messages) }
        guard let input = root["input"] else { return nil }
        if let text = input.string { return text }
        // Embeddings take a list of texts, Responses a list of messages.
        return lastUserText(in: input) ?? input.array.first { _ in true }?.string
    }

    private static func lastUserText(in messages: JSONValue) -> String? {
        var last: String?
        for message in messages.array where message["role"]?.isString("user") ?? false {
            if let text = message["content"].flatMap(text(of:)) { last = text }
        }
        return last
    }

    /// The text of a message: itself, or its parts of text.
    private static func text(of content: JSONValue) -> String? {
        if let text = content.string { return text }
        let parts = content.array.compactMap { $0["text"]?.string }
        return parts.isEmpty ? nil : parts.joined(separator: "\n")
    }
}
