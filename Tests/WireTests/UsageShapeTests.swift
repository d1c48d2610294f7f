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
        #expect(gemini.result(of: nil).input == 5)
        #expect(gemini.result(of: nil).output == 7)
    }

    @Test("Searches of Gemini count by query, of models before the third kind by prompt, and once each")
    func geminiSearches() throws {
        var gemini = GeminiUsage()
        for queries in [#""a","b""#, #""b","c","",5"#] {
            gemini.noteSearches(
                of: try object(#"{"groundingMetadata":{"webSearchQueries":[\#(queries)]}}"#))
        }
        gemini.noteSearches(of: try object(#"{"groundingMetadata":{"webSearchQueries":"a"}}"#))
        gemini.merge(try object(#"{"promptTokenCount":5,"candidatesTokenCount":4}"#))
        #expect(gemini.result(of: "gemini-3-pro").webSearches == 3)
        #expect(gemini.result(of: "gemini-2.5-flash").webSearches == 1)
        #expect(GeminiUsage.tier("SERVICE_TIER_PRIORITY") == "priority")
        #expect(GeminiUsage.tier("FLEX") == "flex" && GeminiUsage.tier("standard") == "standard")
    }

    @Test("Searches of a response are those that it says, else its items that open no page")
    func responseSearches() throws {
        let output =
            #""output":[{"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call"},"#
            + #"{"type":"web_search_call","action":{"type":"search"}},{"type":"message"}]"#
        var counted = OpenAIUsage()
        counted.countSearches(of: try object("{\(output)}"))
        #expect(counted.result().webSearches == 2)
        for odd in [#""2""#, "1.5", "-1", "null"] {
            counted.countSearches(
                of: try object(#"{"tool_usage":{"web_search":{"num_requests":\#(odd)}}}"#))
            #expect(counted.result().webSearches == 2 && !counted.count.isInconsistent)
        }
        for told in [0, 1] {
            counted.countSearches(
                of: try object(#"{"tool_usage":{"web_search":{"num_requests":\#(told)}},\#(output)}"#))
            #expect(counted.result().webSearches == told)
        }
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
