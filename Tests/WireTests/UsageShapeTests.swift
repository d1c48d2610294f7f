import JSON
import LedgerCore
import Testing

@testable import Wire

@Suite("Usage shapes")
struct UsageShapeTests {
    static let texts: [(String, Bool)] = [
        (#"{"usage":{}}"#, true), (#"{"usage" : {"a":1}}"#, true), (#"{"usage":null}"#, false),
        (#"{"usage": null,"x":{"usage":{"a":1}}}"#, true), (#"{"text":"\"usage\":{}"}"#, false), ("", false),
        (#"{"usages":{}}"#, false),
    ]

    @Test("EventFilter finds a usage that is not null, and none inside strings", arguments: texts)
    func eventFilter(_ text: String, _ expected: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { EventFilter.hasUsage($0) } == expected)
    }

    @Test("WireCount clamps what is negative, keeps sums in range, and says so")
    func wireCount() throws {
        var count = WireCount()
        #expect(count.sum(1, 2, 3) == 6)
        #expect(count.rest(of: 10, without: 3, 7) == 0)
        #expect(count.read(nil) == nil)
        #expect(!count.isInconsistent)
        #expect(count.rest(of: 10, without: 3, 8) == 0)
        #expect(count.isInconsistent)
        #expect(!count.hasUnreadable)
        for text in ["-1", "1.5", "\"7\"", "1e300"] {
            var unreadable = WireCount()
            #expect(unreadable.read(try object(#"{"a":\#(text)}"#)["a"]) == nil)
            #expect(unreadable.hasUnreadable && unreadable.isInconsistent)
        }
        var sums = WireCount()
        #expect(sums.sum(.max, 1) == .max)
        #expect(sums.isInconsistent)
    }

    @Test("AnthropicUsage never adds and never clears")
    func anthropic() throws {
        var usage = AnthropicUsage()
        usage.merge(try object(#"{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}"#))
        usage.merge(try object(#"{"output_tokens":9}"#))
        usage.merge(try object(#"{"output_tokens":9,"input_tokens":null}"#))
        let result = usage.result().usage
        #expect(result.input == 5)
        #expect(result.cacheRead == 7)
        #expect(result.output == 9)
    }

    @Test("OpenAIUsage and GeminiUsage keep the last figure of each field")
    func lastWins() throws {
        var openAI = OpenAIUsage()
        openAI.merge(try object(#"{"prompt_tokens":5,"completion_tokens":1}"#))
        openAI.merge(try object(#"{"completion_tokens":4}"#))
        #expect(openAI.result().input == 5)
        #expect(openAI.result().output == 4)
        var gemini = GeminiUsage()
        gemini.merge(try object(#"{"promptTokenCount":5,"thoughtsTokenCount":3}"#))
        gemini.merge(try object(#"{"candidatesTokenCount":4}"#))
        #expect(gemini.result().input == 5)
        #expect(gemini.result().output == 7)
    }

    @Test("UsageSalvage takes the last whole usage object, or none")
    func salvage() {
        let parser = JSONParser()
        let tail = Array(#"…"usage":{"a":1}},"usage":{"b":{"c":2}}}"#.utf8)
        #expect(UsageSalvage.lastUsage(in: tail, parser: parser)?["b"]?["c"]?.int64 == 2)
        #expect(UsageSalvage.lastUsage(in: Array(tail.dropLast(3)), parser: parser) == nil)
        #expect(UsageSalvage.lastUsage(in: [], parser: parser) == nil)
    }

    @Test(
        "AnswerReader reads nothing from what is no answer", arguments: ["[]", "1", "null", #"{"usage":5}"#])
    func answerReader(_ text: String) {
        var reader = AnswerReader(api: .other, streamed: false, parser: JSONParser())
        _ = Array(text.utf8).withUnsafeBytes { reader.take(text: $0) }
        #expect(reader.finish() == UsageReading())
    }

    private func object(_ text: String) throws -> JSONValue { try JSONDocument.parse(Array(text.utf8)).root }
}
