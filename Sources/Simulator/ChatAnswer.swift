import JSON

/// The answer of `/v1/chat/completions`.
enum ChatAnswer {
    /// Returns the body of an answer in one piece.
    static func body(_ call: SimulatedCall) -> [UInt8] {
        JSONText.object { answer in
            writeHead(call, "chat.completion", to: &answer)
            answer.key("choices")
            answer.array { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    choice.key("message")
                    choice.object { message in
                        message.member("role", "assistant")
                        message.member("content", call.tool == nil ? call.text : nil)
                        message.member("refusal", nil)
                        writeToolCall(call, arguments: call.text, to: &message)
                        message.key("annotations")
                        message.array { _ in }
                    }
                    choice.member("logprobs", nil)
                    choice.member("finish_reason", finishReason(call))
                }
            }
            guard call.showsUsage else { return }
            answer.key("usage")
            call.usage.write(.chatCompletions, to: &answer)
        }
    }

    /// Returns the events of a streamed answer.
    static func events(_ call: SimulatedCall) -> [StreamEvent] {
        let sent = call.pieces.count
        var events: [StreamEvent] = []
        events.reserveCapacity(sent + 4)
        let first = chunk(call, piecesSent: 0) { delta in
            delta.member("role", "assistant")
            delta.member("content", call.tool == nil ? "" : nil)
            delta.member("refusal", nil)
            writeToolCall(call, arguments: "", to: &delta)
        }
        events.append(first)
        for (index, piece) in call.pieces.enumerated() {
            let event = chunk(call, piecesSent: index + 1) { delta in
                guard call.tool != nil else { return delta.member("content", piece) }
                delta.key("tool_calls")
                delta.array { $0.object { writeArguments(piece, to: &$0) } }
            }
            events.append(event)
        }
        events.append(chunk(call, piecesSent: sent, finishReason: finishReason(call)) { _ in })
        if call.includesUsage, call.showsUsage {
            let usage = StreamEvent(nil, piecesSent: sent) {
                writeHead(call, "chat.completion.chunk", to: &$0)
                $0.key("choices")
                $0.array { _ in }
                $0.key("usage")
                call.usage.write(.chatCompletions, to: &$0)
            }
            events.append(usage)
        }
        events.append(StreamEvent(nil, piecesSent: sent, data: Array("[DONE]".utf8)))
        return events
    }

    /// Returns the event of an answer that fails in the middle.
    static func failure(piecesSent: Int) -> StreamEvent {
        StreamEvent(nil, piecesSent: piecesSent) {
            $0.key("error")
            $0.object {
                $0.member("message", "The server had an error while processing your request.")
                $0.member("type", "server_error")
                $0.member("param", nil)
                $0.member("code", nil)
            }
        }
    }

    private static func chunk(
        _ call: SimulatedCall, piecesSent: Int, finishReason: String? = nil, _ delta: (inout JSONText) -> Void
    ) -> StreamEvent {
        StreamEvent(nil, piecesSent: piecesSent) { text in
            writeHead(call, "chat.completion.chunk", to: &text)
            text.key("choices")
            text.array { choices in
                choices.object {
                    $0.member("index", 0)
                    $0.key("delta")
                    $0.object(delta)
                    $0.member("logprobs", nil)
                    $0.member("finish_reason", finishReason)
                }
            }
            if call.includesUsage { text.member("usage", nil) }
        }
    }

    private static func writeHead(_ call: SimulatedCall, _ object: String, to text: inout JSONText) {
        text.member("id", call.id)
        text.member("object", object)
        text.member("created", call.createdSeconds)
        text.member("model", call.model)
        text.member("service_tier", call.usage.tier)
        text.member("system_fingerprint", "fp_simulated")
    }

    private static func writeToolCall(_ call: SimulatedCall, arguments: String, to text: inout JSONText) {
        guard let tool = call.tool else { return }
        text.key("tool_calls")
        text.array { calls in
            calls.object {
                if call.isStreamed { $0.member("index", 0) }
                $0.member("id", tool.id)
                $0.member("type", "function")
                $0.key("function")
                $0.object {
                    $0.member("name", tool.name)
                    $0.member("arguments", arguments)
                }
            }
        }
    }

    private static func writeArguments(_ piece: String, to text: inout JSONText) {
        text.member("index", 0)
        text.key("function")
        text.object { $0.member("arguments", piece) }
    }

    private static func finishReason(_ call: SimulatedCall) -> String {
        call.isCut ? "length" : call.tool == nil ? "stop" : "tool_calls"
    }
}
