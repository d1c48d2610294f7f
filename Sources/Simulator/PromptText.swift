import JSON

/// The text of a request: how much of it there is, and what was said last.
struct PromptText {
    /// UTF-8 bytes of every text, and of the tools as they were written.
    private(set) var bytes: Int64 = 0
    /// The beginning of what the user said last.
    private(set) var lastSaid = ""
    private static let echoScalarsMax = 300

    /// Tokens, at four bytes each, rounded up; at least one.
    var tokens: Int64 { max(1, (bytes + 3) / 4) }

    /// Reads a Messages, Chat Completions or Responses request.
    init(_ request: JSONValue) {
        for key in ["system", "instructions"] {
            if let value = request[key] { add(value) }
        }
        for key in ["messages", "input"] {
            guard let value = request[key] else { continue }
            if value.kind == .string { say(add(value)) }
            for message in value.array {
                let text = add(message["content"] ?? message["output"] ?? message["text"] ?? message)
                let role = message["role"]
                if role == nil || role?.isString("user") ?? false { say(text) }
            }
        }
        if let tools = request["tools"], tools.kind == .array { bytes += Int64(tools.sourceRange.count) }
    }

    private mutating func say(_ text: String?) {
        guard let text, !text.isEmpty else { return }
        lastSaid = text
    }

    /// Counts the texts in `value`; returns the beginning of the last one.
    @discardableResult
    private mutating func add(_ value: JSONValue) -> String? {
        switch value.kind {
        case .string:
            guard let text = value.string else { return nil }
            bytes += Int64(text.utf8.count)
            return String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.echoScalarsMax)))
        case .array:
            var last: String?
            for element in value.array { last = add(element) ?? last }
            return last
        case .object:
            var last: String?
            for key in ["text", "thinking", "content"] as [StaticString] {
                if let inner = value[key] { last = add(inner) ?? last }
            }
            if let call = value["input"] ?? value["arguments"] { bytes += Int64(call.sourceRange.count) }
            return last
        case .null, .bool, .number: return nil
        }
    }
}
