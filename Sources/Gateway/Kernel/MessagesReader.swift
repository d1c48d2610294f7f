import JSON
import Wire

/// Reads a streamed answer of the Messages API.
struct MessagesReader {
    /// Whether the answer came to its own end.
    private(set) var isComplete = false
    /// The provider's identifier of the answer.
    private(set) var messageID: String?

    private let parser: JSONParser
    private let toolInputBytesMax: Int
    private var events: SSEParser
    private var tool: (index: Int64, name: String, input: String)?

    init(limits: KernelLimits, parser: JSONParser) {
        self.parser = parser
        toolInputBytesMax = limits.toolInputBytesMax
        events = SSEParser(eventBytesMax: limits.recordBytesMax)
    }

    /// Takes the next bytes.
    ///
    /// - Throws: ``KernelFailure`` when the stream says that it failed, or is none.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ onEvent: (KernelEvent) -> Void
    ) throws(KernelFailure) {
        var failure: KernelFailure?
        var parts = events
        parts.feed(bytes) { event in
            guard failure == nil, event.hasData, !isComplete else { return }
            failure = take(event, onEvent)
        }
        events = parts
        if let failure { throw failure }
    }

    private mutating func take(_ event: SSEEvent, _ onEvent: (KernelEvent) -> Void) -> KernelFailure? {
        guard !event.isOversized else {
            return KernelFailure(.flood, "The model API sent an event that is too large.")
        }
        guard let document = try? parser.parse(event.data) else {
            return KernelFailure(.garbled, "The model API sent an event that is not JSON.")
        }
        let root = document.root
        switch root["type"]?.string {
        case "message_start":
            messageID = root["message"]?["id"]?.string
            onEvent(.ready(model: root["message"]?["model"]?.string))
        case "content_block_start": return begin(root, onEvent)
        case "content_block_delta": return add(root["delta"], onEvent)
        case "content_block_stop":
            guard let tool else { return nil }
            self.tool = nil
            onEvent(.tool(name: tool.name, input: tool.input.isEmpty ? "{}" : tool.input))
        case "message_stop": isComplete = true
        case "error":
            let words = root["error"]?["message"]?.string ?? root["error"]?["type"]?.string ?? "no words"
            return KernelFailure(.reported, KernelWords.cleaned("The model API broke off: \(words)"))
        default: break
        }
        return nil
    }

    private mutating func begin(_ root: JSONValue, _ onEvent: (KernelEvent) -> Void) -> KernelFailure? {
        guard let block = root["content_block"] else { return nil }
        switch block["type"]?.string {
        case "text":
            if let text = block["text"]?.string, !text.isEmpty { onEvent(.text(text)) }
        case "tool_use", "server_tool_use":
            tool = (root["index"]?.int64 ?? 0, block["name"]?.string ?? "", "")
        default: break
        }
        return nil
    }

    private mutating func add(_ delta: JSONValue?, _ onEvent: (KernelEvent) -> Void) -> KernelFailure? {
        if let text = delta?["text"]?.string, !text.isEmpty { onEvent(.text(text)) }
        guard let piece = delta?["partial_json"]?.string, let known = tool else { return nil }
        guard known.input.utf8.count + piece.utf8.count <= toolInputBytesMax else {
            return KernelFailure(.flood, "A tool's input is larger than \(toolInputBytesMax) bytes.")
        }
        tool?.input += piece
        return nil
    }
}
