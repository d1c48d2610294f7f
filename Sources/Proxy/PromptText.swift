import Crypto
import JSON

/// What is recorded of a request's prompt: the last thing that the user said.
enum PromptText {
    /// The last user text in `document`, as `policy` wants it; nil when there is none, or none is wanted.
    static func recorded(_ document: JSONDocument, policy: PromptPolicy) -> String? {
        guard policy != .off, let text = lastUserText(document.root) else { return nil }
        switch policy {
        case .truncate(let charactersMax): return cut(text, charactersMax)
        case .hash: return "sha256:" + SHA256.hash(of: text).hex
        case .off: return nil
        }
    }

    /// The first characters of `text`, in at most four scalars each: one character can have megabytes of
    /// accents.
    ///
    /// Finding them is slow but in ASCII, where each byte is one, CR LF excepted.
    static func cut(_ text: String, _ charactersMax: Int) -> String {
        let bytes = text.utf8
        guard bytes.count > charactersMax else { return text }
        // One byte more is looked at: what follows could belong to the last character.
        let isPlain = bytes.prefix(charactersMax + 1).allSatisfy { $0 < 0x80 && $0 != 0x0D }
        if isPlain { return String(text[..<bytes.index(bytes.startIndex, offsetBy: charactersMax)]) }
        return String(text.prefix(scalarsMax: 4 * charactersMax).prefix(charactersMax))
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
