import JSON

/// The answer of `/v1/responses`.
struct ResponsesAnswer {
    private let call: SimulatedCall
    private let itemID: String
    private var events: [StreamEvent] = []

    /// Answers `call`.
    init(_ call: SimulatedCall) {
        self.call = call
        itemID = (call.tool == nil ? "msg_" : "fc_") + call.id.dropFirst(5)
    }

    /// Returns the body of an answer in one piece.
    func body() -> [UInt8] { JSONText.object { writeResponse(isDone: true, to: &$0) } }

    /// Returns the event of an answer that fails in the middle.
    static func failure(piecesSent: Int) -> StreamEvent {
        StreamEvent("error", piecesSent: piecesSent) {
            $0.member("type", "error")
            $0.member("sequence_number", piecesSent + 4)
            $0.member("code", "server_error")
            $0.member("message", "The server had an error while processing your request.")
            $0.member("param", nil)
        }
    }

    /// Returns the events of a streamed answer.
    mutating func streamed() -> [StreamEvent] {
        events = []
        events.reserveCapacity(call.pieces.count + 8)
        let call = call
        addResponse("response.created", 0, isDone: false)
        addResponse("response.in_progress", 0, isDone: false)
        addItem("response.output_item.added", 0, isDone: false)
        if call.tool == nil { addPart("response.content_part.added", 0, text: "") }
        for (index, piece) in call.pieces.enumerated() {
            add(
                call.tool == nil ? "response.output_text.delta" : "response.function_call_arguments.delta",
                index + 1
            ) {
                $0.member("delta", piece)
            }
        }
        let sent = call.pieces.count
        if call.tool == nil {
            add("response.output_text.done", sent) { $0.member("text", call.text) }
            addPart("response.content_part.done", sent, text: call.text)
        } else {
            add("response.function_call_arguments.done", sent) { $0.member("arguments", call.text) }
        }
        addItem("response.output_item.done", sent, isDone: true)
        addResponse(call.isCut ? "response.incomplete" : "response.completed", sent, isDone: true)
        return events
    }

    /// Adds an event about the text or the arguments.
    private mutating func add(_ type: String, _ sent: Int, _ write: (inout JSONText) -> Void) {
        let sequence = events.count
        let event = StreamEvent(type, piecesSent: sent) {
            $0.member("type", type)
            $0.member("sequence_number", sequence)
            $0.member("item_id", itemID)
            $0.member("output_index", 0)
            if call.tool == nil { $0.member("content_index", 0) }
            write(&$0)
            if call.tool == nil, !type.hasPrefix("response.content_part") {
                $0.key("logprobs")
                $0.array { _ in }
            }
        }
        events.append(event)
    }

    private mutating func addPart(_ type: String, _ sent: Int, text: String) {
        add(type, sent) {
            $0.key("part")
            Self.writePart(text, to: &$0)
        }
    }

    private mutating func addItem(_ type: String, _ sent: Int, isDone: Bool) {
        let sequence = events.count
        let event = StreamEvent(type, piecesSent: sent) {
            $0.member("type", type)
            $0.member("sequence_number", sequence)
            $0.member("output_index", 0)
            $0.key("item")
            writeItem(isDone: isDone, to: &$0)
        }
        events.append(event)
    }

    private mutating func addResponse(_ type: String, _ sent: Int, isDone: Bool) {
        let sequence = events.count
        let event = StreamEvent(type, piecesSent: sent) {
            $0.member("type", type)
            $0.member("sequence_number", sequence)
            $0.key("response")
            $0.object { writeResponse(isDone: isDone, to: &$0) }
        }
        events.append(event)
    }

    private static func writePart(_ text: String, to json: inout JSONText) {
        json.object {
            $0.member("type", "output_text")
            $0.key("annotations")
            $0.array { _ in }
            $0.key("logprobs")
            $0.array { _ in }
            $0.member("text", text)
        }
    }

    private func writeItem(isDone: Bool, to json: inout JSONText) {
        json.object { item in
            item.member("id", itemID)
            item.member("type", call.tool == nil ? "message" : "function_call")
            item.member("status", isDone ? call.isCut ? "incomplete" : "completed" : "in_progress")
            if let tool = call.tool {
                item.member("call_id", tool.id)
                item.member("name", tool.name)
                item.member("arguments", isDone ? call.text : "")
            } else {
                item.member("role", "assistant")
                item.key("content")
                item.array { if isDone { Self.writePart(call.text, to: &$0) } }
            }
        }
    }

    private func writeResponse(isDone: Bool, to json: inout JSONText) {
        json.member("id", call.id)
        json.member("object", "response")
        json.member("created_at", call.createdSeconds)
        json.member("status", isDone ? call.isCut ? "incomplete" : "completed" : "in_progress")
        json.member("error", nil)
        json.key("incomplete_details")
        if isDone, call.isCut {
            json.object { $0.member("reason", "max_output_tokens") }
        } else {
            json.null()
        }
        json.member("instructions", nil)
        json.member("max_output_tokens", nil)
        json.member("model", call.model)
        json.key("output")
        json.array { if isDone { writeItem(isDone: true, to: &$0) } }
        json.member("parallel_tool_calls", true)
        json.member("previous_response_id", nil)
        json.member("service_tier", call.usage.tier)
        json.member("temperature", 1)
        json.member("tool_choice", "auto")
        json.key("tools")
        json.array { _ in }
        json.member("top_p", 1)
        json.member("truncation", "disabled")
        json.key("usage")
        if isDone, call.showsUsage { call.usage.write(.responses, to: &json) } else { json.null() }
        json.key("metadata")
        json.object { _ in }
    }
}
