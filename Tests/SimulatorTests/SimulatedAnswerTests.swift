import HTTP
import JSON
import LedgerCore
import Lifecycle
import Testing

@testable import Simulator

/// What goes out: MessagesAnswer, ChatAnswer, ResponsesAnswer and EmbeddingsAnswer, as the proxy reads them.
@Suite("Simulated answers")
struct SimulatedAnswerTests {
    static let shapes: [HTTPHeaders] = [
        [:],
        ["x-simulate-output-tokens": "0"],
        ["x-simulate-output-tokens": "9"],
        ["x-simulate-output-tokens": "1000000"],
        ["x-simulate-cache": "read=100,write5m=50,write1h=25"],
        ["x-simulate-tier": "priority", "x-simulate-model": "another-model"],
        ["x-simulate-tool": "look_up"],
    ]

    @Test("a whole answer says what the record says", arguments: SimulatorHarness.billed, shapes)
    func whole(_ api: SimulatedAPI, _ headers: HTTPHeaders) throws {
        let harness = try SimulatorHarness()
        let answer = try harness.ask(api, headers: headers)
        #expect(answer.status == 200 && answer.isComplete)
        try check(api, answer, harness, streamed: false)
    }

    @Test("a streamed answer says what the record says", arguments: SimulatorHarness.streamed, shapes)
    func streamed(_ api: SimulatedAPI, _ headers: HTTPHeaders) throws {
        let harness = try SimulatorHarness()
        let answer = try harness.ask(api, "\"stream\":true", headers: headers)
        #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
        #expect(answer.status == 200 && answer.isComplete)
        try check(api, answer, harness, streamed: true)
        for event in SimulatorHarness.events(answer) where event != "[DONE]" {
            #expect(try JSONDocument.parse(Array(event.utf8)).root.kind == .object)
        }
    }

    private func check(
        _ api: SimulatedAPI, _ answer: RecordedResponse, _ harness: SimulatorHarness, streamed: Bool
    ) throws {
        let reading = SimulatorHarness.reading(api, answer.body, streamed: streamed)
        #expect(reading.source == .providerFinal && !reading.isInconsistent)
        let records = try harness.records()
        let record = try #require(records.first)
        #expect(records.count == 1)
        #expect(try SimulatorHarness.usage(api, record) == reading.usage)
        #expect(record["api"]?.string == api.rawValue)
        #expect(record["model"]?.string == reading.responseModel)
        if api != .embeddings {
            #expect(record["id"]?.string == reading.responseID)
            #expect(record["serviceTier"]?.string == reading.serviceTier)
        }
        #expect(record["streamed"]?.bool == streamed)
        #expect(record["complete"]?.bool == true)
        #expect(record["status"]?.int64 == 200)
    }

    @Test("the limit on tokens is kept", arguments: SimulatorHarness.streamed, ["true", "false"])
    func limit(_ api: SimulatedAPI, _ stream: String) throws {
        let harness = try SimulatorHarness()
        let key = api == .responses ? "max_output_tokens" : "max_completion_tokens"
        // Of a repeated key the first counts, so the Messages request is written out.
        let body =
            api == .messages
            ? "{\"model\":\"m\",\"max_tokens\":3,\"stream\":\(stream),\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"
            : SimulatorHarness.body(api, "\"\(key)\":3,\"stream\":\(stream)")
        let answer = try harness.ask("POST", api.path, body, headers: ["x-simulate-output-tokens": "40"])
        let reading = SimulatorHarness.reading(api, answer.body, streamed: stream == "true")
        #expect(reading.usage?.output == 3)
        let reasons = ["\"max_tokens\"", "\"length\"", "\"reason\":\"max_output_tokens\""]
        #expect(reasons.contains { answer.text.contains($0) })
    }

    @Test("the same request has the same answer, its identifiers apart", arguments: SimulatorHarness.streamed)
    func isDeterministic(_ api: SimulatedAPI) throws {
        let clock = Clock(nowMicroseconds: { 1_700_000_000_123_456 }, monotonicNanoseconds: { 0 })
        let harness = try SimulatorHarness(clock: clock)
        let other = try SimulatorHarness(clock: clock)
        let first = try harness.ask(api)
        let second = try other.ask(api)
        let ids = try (harness.records() + other.records()).compactMap { $0["id"]?.string?.dropFirst(5) }
        #expect(ids.count == 2 && ids[0] != ids[1])
        let texts = zip([first, second], ids).map { String($0.text.split(separator: $1).joined()) }
        #expect(texts[0] == texts[1])
        #expect(try harness.records()[0]["at"]?.string == "2023-11-14T22:13:20.123456Z")
    }

    @Test("the prompt comes back, word by word")
    func echo() throws {
        let harness = try SimulatorHarness()
        let answer = try harness.ask(.messages, "\"stream\":true")
        let words = try SimulatorHarness.events(answer).compactMap {
            try JSONDocument.parse(Array($0.utf8)).root["delta"]?["text"]?.string
        }
        #expect(
            words.joined() == "You said: Tell me one \"true\" thing about ledgers. This answer was simulated."
        )
        #expect(words.count == 13)
        #expect(SimulatorHarness.reading(.messages, answer.body, streamed: true).usage?.output == 13)
    }

    @Test("usage comes last and is null before, when it was asked for; else there is none")
    func includeUsage() throws {
        let harness = try SimulatorHarness()
        let asked = SimulatorHarness.events(try harness.ask(.chatCompletions, "\"stream\":true"))
        #expect(asked.last == "[DONE]")
        #expect(asked[asked.count - 2].contains("\"choices\":[],\"usage\":{"))
        #expect(asked.dropLast(2).allSatisfy { $0.hasSuffix("\"usage\":null}") })
        let body =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
        let plain = SimulatorHarness.events(try harness.ask("POST", "/v1/chat/completions", body))
        #expect(plain.last == "[DONE]")
        #expect(plain.allSatisfy { !$0.contains("usage") })
        #expect(try harness.records()[1]["usage"]?["prompt_tokens"]?.int64 == 2)
    }

    @Test("a tool is called with whole arguments, in pieces or not")
    func tool() throws {
        let harness = try SimulatorHarness()
        let tools = "\"tools\":[{\"name\":\"weather\",\"input_schema\":{\"type\":\"object\"}}]"
        let headers: HTTPHeaders = ["x-simulate-tool": "true"]
        let answer = try harness.ask(.messages, tools, headers: headers)
        let message = try JSONDocument.parse(answer.body).root
        let block = try #require(message["content"]?.array.first { _ in true })
        #expect(block["name"]?.string == "weather")
        let streamed = try harness.ask(.messages, tools + ",\"stream\":true", headers: headers)
        let pieces = try SimulatorHarness.events(streamed).compactMap {
            try JSONDocument.parse(Array($0.utf8)).root["delta"]?["partial_json"]?.string
        }
        #expect(pieces.joined() == String(decoding: try #require(block["input"]).source, as: UTF8.self))
        #expect(message["stop_reason"]?.string == "tool_use")
    }

    @Test("counting tokens agrees with the answer, and uses nothing")
    func count() throws {
        let harness = try SimulatorHarness()
        let count = try JSONDocument.parse(harness.ask(.countTokens).body).root["input_tokens"]?.int64
        let answer = try harness.ask(.messages)
        #expect(count == SimulatorHarness.reading(.messages, answer.body, streamed: false).usage?.input)
        #expect(try harness.records()[0]["usage"]?.object.first { _ in true } == nil)
    }

    @Test("an embedding is the same in numbers and in base64")
    func embeddings() throws {
        let harness = try SimulatorHarness()
        let numbers = try embedding(harness.ask(.embeddings, "\"dimensions\":5"))
        let text = try embedding(harness.ask(.embeddings, "\"dimensions\":5,\"encoding_format\":\"base64\""))
        let values = numbers.array.compactMap { $0.rawNumber.flatMap(Float.init) }
        let bytes = try #require(text.string.flatMap { Base64.decode($0) })
        let decoded = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
        #expect(values.count == 5)
        #expect(values == decoded)
    }

    private func embedding(_ answer: RecordedResponse) throws -> JSONValue {
        let data = try JSONDocument.parse(answer.body).root["data"]?.array.first { _ in true }
        return try #require(data?["embedding"])
    }
}
