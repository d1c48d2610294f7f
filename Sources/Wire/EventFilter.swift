import JSON

/// Tells cheaply whether an event of a stream can say anything about usage or tools.
enum EventFilter {
    /// Returns false only for events that hold no usage, no error, no call of a tool and no end of the
    /// answer.
    ///
    /// Keys are searched for as bytes: inside a JSON string their quotes would be escaped.
    static func canMatter(_ event: SSEEvent, dialect: AnswerReader.Dialect?) -> Bool {
        let data = event.data
        switch dialect {
        case .anthropic:
            if ByteSearch.equal(event.name, "ping") || ByteSearch.equal(event.name, "content_block_delta") {
                return false
            }
            let beginsTool = ByteSearch.contains("tool_use\"", in: data)
            if ByteSearch.starts(event.name, with: "content_block_") { return beginsTool }
            return !event.name.isEmpty || hasUsage(data) || ByteSearch.contains("\"error\"", in: data)
                || ByteSearch.contains("\"message_stop\"", in: data) || beginsTool
        case .responses:
            let addsCall = ByteSearch.contains("_call\"", in: data)
            if ByteSearch.equal(event.name, "response.output_item.added") { return addsCall }
            if ByteSearch.starts(event.name, with: "response.") { return isEnd(event.name) }
            return hasUsage(data) || ByteSearch.contains("\"error\"", in: data)
                || addsCall && ByteSearch.contains("\"response.output_item.added\"", in: data)
        case .chat:
            return hasUsage(data) || ByteSearch.contains("\"error\"", in: data) || namesCall(data)
                || ByteSearch.contains("\"url_citation\"", in: data)
        case .converse:
            return true
        case .gemini:
            return ByteSearch.contains("\"usageMetadata\"", in: data)
                || ByteSearch.contains("\"finishReason\"", in: data)
                || ByteSearch.contains("\"functionCall\"", in: data)
                || ByteSearch.contains("\"webSearchQueries\"", in: data)
                || ByteSearch.contains("\"error\"", in: data)
        case nil:
            return hasUsage(data) || ByteSearch.contains("\"usageMetadata\"", in: data)
                || ByteSearch.contains("\"error\"", in: data)
                || ByteSearch.contains("\"stop_reason\"", in: data)
        }
    }

    /// Returns whether there is a key `usage` whose value is not `null`.
    static func hasUsage(_ data: UnsafeRawBufferPointer) -> Bool { hasValue(of: "\"usage\"", in: data) }

    /// Returns whether a choice of a chat has come to its end.
    static func hasFinish(_ data: UnsafeRawBufferPointer) -> Bool {
        hasValue(of: "\"finish_reason\"", in: data)
    }

    private static func hasValue(of key: StaticString, in data: UnsafeRawBufferPointer) -> Bool {
        var from = 0
        while let found = ByteSearch.offset(of: key, in: data, from: from) {
            from = found + key.utf8CodeUnitCount
            let value = data[from...].first { !Array(" \t\r\n:".utf8).contains($0) }
            if value != UInt8(ascii: "n") { return true }
        }
        return false
    }

    /// Whether a chunk begins a call: later pieces of its arguments have no name.
    private static func namesCall(_ data: UnsafeRawBufferPointer) -> Bool {
        (ByteSearch.contains("\"tool_calls\"", in: data)
            || ByteSearch.contains("\"function_call\"", in: data))
            && ByteSearch.contains("\"name\"", in: data)
    }

    private static func isEnd(_ name: UnsafeRawBufferPointer) -> Bool {
        ByteSearch.equal(name, "response.completed") || ByteSearch.equal(name, "response.incomplete")
            || ByteSearch.equal(name, "response.failed") || ByteSearch.equal(name, "response.cancelled")
    }
}
