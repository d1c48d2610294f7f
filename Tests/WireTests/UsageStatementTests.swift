import JSON
import LedgerCore
import Testing

@testable import Wire

@Suite("What a usage tells")
struct UsageStatementTests {
    /// What an answer says, and what is made of it.
    struct Case: CustomStringConvertible {
        let api: APIKind
        let usage: String
        let outcome: Outcome
        var description: String { "\(api) \(usage)" }

        init(_ api: APIKind, _ usage: String, _ outcome: Outcome) {
            self.api = api
            self.usage = usage
            self.outcome = outcome
        }
    }

    enum Outcome { case final, incomplete, none }

    static let bodies = [
        Case(.chatCompletions, "{}", .none), Case(.chatCompletions, #"{"foo":5}"#, .none),
        Case(.chatCompletions, #"{"prompt_tokens":null,"completion_tokens":null}"#, .none),
        Case(.chatCompletions, #"{"prompt_tokens":0,"completion_tokens":null}"#, .none),
        Case(.chatCompletions, #"{"prompt_tokens":5}"#, .incomplete),
        Case(.chatCompletions, #"{"prompt_tokens":5,"total_tokens":5}"#, .incomplete),
        Case(.chatCompletions, #"{"completion_tokens":5}"#, .incomplete),
        Case(.chatCompletions, #"{"total_tokens":500}"#, .none),
        Case(.chatCompletions, #"{"prompt_tokens":5,"completion_tokens":-7}"#, .incomplete),
        Case(.chatCompletions, #"{"prompt_tokens":-5,"completion_tokens":7}"#, .incomplete),
        Case(.chatCompletions, #"{"prompt_tokens":5,"completion_tokens":"7"}"#, .incomplete),
        Case(
            .chatCompletions,
            #"{"prompt_tokens":5,"completion_tokens":7,"completion_tokens_details":{"audio_tokens":-7}}"#,
            .incomplete),
        Case(.chatCompletions, #"{"prompt_tokens":5,"completion_tokens":0}"#, .final),
        Case(.responses, #"{"input_tokens":5}"#, .incomplete),
        Case(.responses, #"{"input_tokens":5,"output_tokens":7}"#, .final),
        Case(.embeddings, #"{"prompt_tokens":5}"#, .final),
        Case(.embeddings, #"{"prompt_tokens":5,"total_tokens":5}"#, .final),
        Case(.embeddings, #"{"total_tokens":5}"#, .none),
        Case(.messages, "{}", .none), Case(.messages, #"{"input_tokens":5}"#, .incomplete),
        Case(.messages, #"{"input_tokens":null,"output_tokens":null}"#, .none),
        Case(.messages, #"{"input_tokens":5,"output_tokens":null}"#, .incomplete),
        Case(.messages, #"{"output_tokens":5,"cache_read_input_tokens":9}"#, .incomplete),
        Case(.messages, #"{"input_tokens":5,"output_tokens":-1}"#, .incomplete),
        Case(.messages, #"{"input_tokens":0,"output_tokens":1}"#, .final),
        Case(
            .messages, #"{"input_tokens":5,"output_tokens":1,"iterations":[{"input_tokens":9}]}"#,
            .incomplete),
        Case(.messages, #"{"iterations":[{"input_tokens":9,"output_tokens":1}]}"#, .final),
        Case(.geminiGenerate, "{}", .none), Case(.geminiGenerate, #"{"promptTokenCount":5}"#, .incomplete),
        Case(.geminiGenerate, #"{"promptTokenCount":5,"totalTokenCount":5}"#, .final),
        Case(.geminiGenerate, #"{"promptTokenCount":5,"totalTokenCount":9}"#, .incomplete),
        Case(.geminiGenerate, #"{"promptTokenCount":5,"thoughtsTokenCount":4}"#, .final),
        Case(.geminiGenerate, #"{"candidatesTokenCount":4,"totalTokenCount":9}"#, .incomplete),
        Case(.geminiEmbed, #"{"promptTokenCount":5}"#, .final),
        Case(.other, #"{"inputTokens":5}"#, .incomplete),
        Case(.other, #"{"inputTokens":5,"outputTokens":4}"#, .final),
        Case(.other, #"{"prompt_tokens":8,"total_tokens":8}"#, .final),
        Case(.other, #"{"prompt_tokens":8}"#, .incomplete),
        Case(.other, #"{"input_tokens":8,"total_tokens":9}"#, .incomplete),
    ]

    @Test("A whole answer is known where its usage tells input and output", arguments: bodies)
    func whole(_ test: Case) {
        let key = "\(test.api)".hasPrefix("gemini") ? "usageMetadata" : "usage"
        expect(read(test.api, #"{"\#(key)":\#(test.usage)}"#), test.outcome)
    }

    static let start =
        #"{"type":"message_start","message":{"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":1}}}"#
    static let messages: [(deltas: [String], outcome: Outcome)] = [
        ([#"{"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#], .final),
        ([#"{"delta":{},"usage":{"output_tokens":9}}"#], .final),
        ([#"{"delta":{"stop_reason":"end_turn"}}"#], .incomplete),
        ([#"{"delta":{"stop_reason":"end_turn"},"usage":{}}"#], .incomplete),
        ([#"{"delta":{"stop_reason":"end_turn"},"usage":null}"#], .incomplete),
        ([#"{"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":null}}"#], .incomplete),
        ([#"{"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":-9}}"#], .incomplete),
        (
            [
                #"{"delta":{"stop_reason":null},"usage":{"output_tokens":9}}"#,
                #"{"delta":{"stop_reason":"end_turn"}}"#,
            ], .incomplete
        ),
        (
            [
                #"{"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
                #"{"delta":{},"usage":{"input_tokens":5}}"#,
            ], .final
        ),
        (
            [#"{"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":9}}"#],
            .incomplete
        ),
        (
            [
                #"{"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"cache_read_input_tokens":5,"output_tokens":9}}"#
            ], .final
        ),
    ]

    @Test("Of a stream of messages the first event tells no output", arguments: messages)
    func message(_ test: (deltas: [String], outcome: Outcome)) {
        var text = "event: message_start\ndata: \(Self.start)\n\n"
        for delta in test.deltas { text += "event: message_delta\ndata: \(delta)\n\n" }
        expect(read(.messages, text + "event: message_stop\ndata: {}\n\n", streamed: true), test.outcome)
    }

    static let running =
        #"{"choices":[{"finish_reason":null}],"usage":{"prompt_tokens":5,"completion_tokens":70}}"#
    static let finish = #"{"choices":[{"finish_reason":"stop"}]}"#
    static let chats: [(chunks: [String], outcome: Outcome)] = [
        ([finish, #"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":70}}"#], .final),
        ([finish, #"{"choices":[],"usage":{}}"#], .none),
        ([finish, #"{"choices":[],"usage":{"prompt_tokens":null,"completion_tokens":null}}"#], .none),
        ([running, finish, #"{"choices":[],"usage":{}}"#], .incomplete), ([running, finish], .incomplete),
        ([finish, running], .final),
        (
            [
                running, finish,
                #"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
            ], .none
        ),
    ]

    @Test("Of a chat a running figure is not the last one, and no figure is taken back", arguments: chats)
    func chat(_ test: (chunks: [String], outcome: Outcome)) {
        let text = test.chunks.map { "data: \($0)\n\n" }.joined() + "data: [DONE]\n\n"
        for api in [APIKind.chatCompletions, .other] {
            expect(read(api, text, streamed: true), test.outcome)
        }
    }

    @Test("A figure that falls is a contradiction; only that of output is bounded by bytes")
    func falls() {
        func chat(_ input: Int, _ output: Int) -> String {
            #"data: {"choices":[],"usage":{"prompt_tokens":\#(input),"completion_tokens":\#(output)}}"#
                + "\n\n"
        }
        let input = read(.chatCompletions, chat(500, 5) + chat(3, 70), streamed: true)
        #expect(input.isInconsistent && input.isIncomplete)
        #expect(input.usage?.input == 3)
        let output = read(.chatCompletions, chat(5, 70) + chat(5, 7), streamed: true)
        #expect(output.isInconsistent && !output.isIncomplete)
        #expect(output.usage?.output == 7)
        let rising = read(.chatCompletions, chat(5, 7) + chat(5, 70), streamed: true)
        #expect(!rising.isInconsistent && !rising.isIncomplete)
        func gemini(_ candidates: Int) -> String {
            #"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":\#(candidates)}}"#
        }
        let list = read(.geminiStreamGenerate, "[\(gemini(70)),\(gemini(7))]")
        #expect(list.isInconsistent && list.isIncomplete)
    }

    @Test("An answer that broke off tells its input, or nothing bounds it")
    func partial() {
        func start(_ usage: String) -> UsageReading {
            let event = #"{"type":"message_start","message":{"usage":\#(usage)}}"#
            return read(.messages, "event: message_start\ndata: \(event)\n\n", streamed: true)
        }
        #expect(!start(#"{"input_tokens":5,"output_tokens":1}"#).isIncomplete)
        #expect(!start(#"{"input_tokens":5}"#).isIncomplete)
        #expect(start(#"{"output_tokens":1}"#).isIncomplete)
        #expect(start(#"{"input_tokens":0,"output_tokens":1}"#).isIncomplete)
        let background = #"{"status":"in_progress","usage":{"input_tokens":5,"output_tokens":1}}"#
        #expect(read(.responses, background).isIncomplete)
        let completed = background.replacing("in_progress", with: "completed")
        #expect(read(.responses, completed).source == .providerFinal)
    }

    private func expect(_ reading: UsageReading, _ outcome: Outcome) {
        #expect((reading.usage == nil) == (outcome == .none))
        #expect(reading.isIncomplete == (outcome == .incomplete))
        #expect((reading.source == .none) == (outcome == .none))
    }

    private func read(_ api: APIKind, _ text: String, streamed: Bool = false) -> UsageReading {
        var reader = UsageReader(api: api, streamed: streamed)
        reader.feed(Array(text.utf8))
        return reader.finish()
    }
}
