import JSON

/// The answers of `/v1/messages` and its `count_tokens`.
enum MessagesAnswer {
    /// Returns the body of a token count.
    static func count(_ call: SimulatedCall) -> [UInt8] {
        JSONText.object { $0.member("input_tokens", call.usage.input) }
    }

    /// Returns the body of an answer in one piece.
    static func body(_ call: SimulatedCall) -> [UInt8] {
        JSONText.object { message in
            writeHead(call, to: &message)
            message.key("content")
            message.array { list in
                list.object {
                    writeBlockStart(call, to: &$0)
                    if call.tool != nil {
                        $0.key("input")
                        $0.raw(call.text)
                    } else {
                        $0.member("text", call.text)
                    }
                }
            }
            writeEnd(stopReason(call), to: &message)
            if call.showsUsage {
                message.key("usage")
                call.usage.write(.messages, to: &message)
            }
        }
    }

    /// Returns the events of a streamed answer.
    static func events(_ call: SimulatedCall) -> [StreamEvent] {
        var events = start(call)
        events.reserveCapacity(call.pieces.count + 6)
        for (index, piece) in call.pieces.enumerated() {
            let event = StreamEvent("content_block_delta", piecesSent: index + 1) {
                $0.member("type", "content_block_delta")
                $0.member("index", 0)
                $0.key("delta")
                $0.object {
                    $0.member("type", call.tool == nil ? "text_delta" : "input_json_delta")
                    $0.member(call.tool == nil ? "text" : "partial_json", piece)
                }
            }
            events.append(event)
        }
        return events + end(call)
    }

    /// Returns the event of an answer that fails in the middle.
    static func failure(piecesSent: Int) -> StreamEvent {
        StreamEvent("error", piecesSent: piecesSent) {
            $0.member("type", "error")
            $0.key("error")
            $0.object {
                $0.member("type", "overloaded_error")
                $0.member("message", "Overloaded")
            }
        }
    }

    private static func start(_ call: SimulatedCall) -> [StreamEvent] {
        let message = StreamEvent("message_start", piecesSent: 0) {
            $0.member("type", "message_start")
            $0.key("message")
            $0.object { message in
                writeHead(call, to: &message)
                message.key("content")
                message.array { _ in }
                writeEnd(nil, to: &message)
                guard call.showsUsage else { return }
                var usage = call.usage
                usage.output = min(usage.output, 1)
                message.key("usage")
                usage.write(.messages, to: &message)
            }
        }
        let block = StreamEvent("content_block_start", piecesSent: 0) {
            $0.member("type", "content_block_start")
            $0.member("index", 0)
            $0.key("content_block")
            $0.object {
                writeBlockStart(call, to: &$0)
                if call.tool != nil {
                    $0.key("input")
                    $0.object { _ in }
                } else {
                    $0.member("text", "")
                }
            }
        }
        return [message, block, StreamEvent("ping", piecesSent: 0) { $0.member("type", "ping") }]
    }

    private static func end(_ call: SimulatedCall) -> [StreamEvent] {
        let sent = call.pieces.count
        let stop = StreamEvent("content_block_stop", piecesSent: sent) {
            $0.member("type", "content_block_stop")
            $0.member("index", 0)
        }
        let delta = StreamEvent("message_delta", piecesSent: sent) {
            $0.member("type", "message_delta")
            $0.key("delta")
            $0.object { writeEnd(stopReason(call), to: &$0) }
            guard call.showsUsage else { return }
            $0.key("usage")
            call.usage.writeDelta(to: &$0)
        }
        return [
            stop, delta, StreamEvent("message_stop", piecesSent: sent) { $0.member("type", "message_stop") },
        ]
    }

    private static func writeHead(_ call: SimulatedCall, to text: inout JSONText) {
        text.member("id", call.id)
        text.member("type", "message")
        text.member("role", "assistant")
        text.member("model", call.model)
    }

    private static func writeBlockStart(_ call: SimulatedCall, to text: inout JSONText) {
        guard let tool = call.tool else { return text.member("type", "text") }
        text.member("type", "tool_use")
        text.member("id", tool.id)
        text.member("name", tool.name)
    }

    private static func writeEnd(_ reason: String?, to text: inout JSONText) {
        text.member("stop_reason", reason)
        text.member("stop_sequence", nil)
    }

    private static func stopReason(_ call: SimulatedCall) -> String {
        call.isCut ? "max_tokens" : call.tool == nil ? "end_turn" : "tool_use"
    }
}
