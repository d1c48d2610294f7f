import JSON
import LedgerCore
import Testing

@testable import Gateway

@Suite("StreamJSONReader")
struct StreamJSONReaderTests {
    private func read(_ records: String...) throws -> (events: [KernelEvent], end: KernelEnd) {
        var reader = StreamJSONReader(parser: JSONParser())
        var events: [KernelEvent] = []
        for record in records {
            try Array(record.utf8).withUnsafeBytes { bytes in
                try reader.take(bytes) { events.append($0) }
            }
        }
        return (events, reader.end(withoutResult: KernelFailure(.exit, "no result")))
    }

    @Test("Totals of a process are charged by their differences, and anew when they fall")
    func runningTotals() throws {
        func result(_ input: Int, _ cost: String) -> String {
            #"{"type":"result","subtype":"success","total_cost_usd":\#(cost),"modelUsage":"#
                + #"{"m":{"inputTokens":\#(input),"provider":"firstParty"},"#
                + #""h":{"inputTokens":1,"provider":"bedrock"}}}"#
        }
        let end = try read(result(10, "0.10"), result(30, "0.30"), result(5, "0.05")).end
        #expect(
            end.usage == [
                KernelUsage(provider: "anthropic", model: "m", usage: used(35, 0)),
                KernelUsage(provider: "bedrock", model: "h", usage: used(1, 0)),
            ])
        #expect(end.reportedCost == (try Money(decimal: "0.35")))
    }

    @Test("Models that are one by their canonical name are added")
    func canonicalNames() throws {
        let end = try read(
            #"{"type":"result","modelUsage":{"m[1m]":{"inputTokens":1,"canonicalModel":"m"},"m":{"inputTokens":2}}}"#
        ).end
        #expect(end.usage == [KernelUsage(provider: "anthropic", model: "m", usage: used(3, 0))])
    }

    @Test("Every bucket of a model is read")
    func buckets() throws {
        let end = try read(
            #"""
            {"type":"result","modelUsage":{"m":{"inputTokens":1,"outputTokens":2,"cacheReadInputTokens":3,
            "cacheCreationInputTokens":4,"webSearchRequests":5,"costUSD":0.1}}}
            """#
        ).end
        var usage = used(1, 2)
        usage.cacheRead = 3
        usage.cacheWrite5m = 4
        usage.webSearches = 5
        #expect(end.usage?.map(\.usage) == [usage])
    }

    @Test("Without figures by model the result's own count, under the assistant's model")
    func plainUsage() throws {
        let end = try read(
            #"{"type":"system","subtype":"init","model":"alias"}"#,
            #"{"type":"assistant","message":{"id":"a","model":"m","usage":{"output_tokens":9},"content":"hi"}}"#,
            #"{"type":"result","usage":{"input_tokens":4,"cache_creation_input_tokens":6,"output_tokens":5}}"#
        ).end
        var usage = used(4, 5)
        usage.cacheWrite5m = 6
        #expect(end.usage == [KernelUsage(provider: "anthropic", model: "m", usage: usage)])
    }

    @Test("Text that came in pieces is not told again, a sub-agent's not at all")
    func partialText() throws {
        func piece(_ event: String) -> String { #"{"type":"stream_event","event":\#(event)}"# }
        let (events, end) = try read(
            piece(
                #"{"type":"message_start","message":{"id":"a","model":"m","usage":{"input_tokens":7,"output_tokens":1}}}"#
            ),
            piece(#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"he"}}"#),
            piece(#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"llo"}}"#),
            #"{"type":"assistant","message":{"id":"a","model":"m","usage":{"input_tokens":7,"output_tokens":1},"content":[{"type":"text","text":"hello"}]}}"#,
            piece(#"{"type":"message_delta","usage":{"output_tokens":4}}"#),
            #"{"type":"assistant","parent_tool_use_id":"t","message":{"id":"s","content":[{"type":"text","text":"inner"},{"type":"tool_use","name":"Grep","input":{}}]}}"#
        )
        #expect(events == [.text("he"), .text("llo"), .tool(name: "Grep", input: "{}")])
        #expect(end.usage == [KernelUsage(provider: "anthropic", model: "m", usage: used(7, 4))])
        #expect(end.failure?.code == .exit)
    }

    static let implausible = [
        #"{"type":"result","modelUsage":{"m":{"inputTokens":-1}}}"#,
        #"{"type":"result","modelUsage":{"m":{"inputTokens":100000000001}}}"#,
        #"{"type":"result","total_cost_usd":1000000000.01,"modelUsage":{"m":{"inputTokens":1}}}"#,
        #"{"type":"result","total_cost_usd":1e20,"modelUsage":{"m":{"inputTokens":1}}}"#,
        #"{"type":"result","modelUsage":{"m":{"inputTokens":1.5}}}"#,
        #"{"type":"result","modelUsage":{"m":7}}"#,
        #"{"type":"result","modelUsage":{"a":{"inputTokens":100000000000},"b":{"canonicalModel":"a","inputTokens":100000000000}}}"#,
        #"{"type":"result","total_cost_usd":-0.1,"modelUsage":{"m":{"inputTokens":1}}}"#,
        #"{"type":"result","total_cost_usd":"1","modelUsage":{"m":{"inputTokens":1}}}"#,
        #"{"type":"assistant","message":{"id":"a","usage":{"input_tokens":9223372036854775807},"content":[]}}"#,
        #"{"type":"assistant","message":{"id":"\#(String(repeating: "i", count: 129))","usage":{"input_tokens":1}}}"#,
    ]

    @Test("A usage that cannot be true is not claimed", arguments: implausible)
    func implausibleUsage(_ record: String) throws {
        let end = try read(record).end
        #expect(end.failure?.code == .garbled)
        #expect(end.usage == nil)
        #expect(end.reportedCost == nil)
    }

    @Test("A run that used nothing says so; one that does not tell, not")
    func nothingUsed() throws {
        #expect(try read(#"{"type":"result","modelUsage":{"m":{"inputTokens":0}}}"#).end.usage == [])
        #expect(try read(#"{"type":"result","modelUsage":{}}"#).end.usage == nil)
        #expect(try read(#"{"type":"result","modelUsage":{},"total_cost_usd":0.1}"#).end.usage == nil)
        // No model and no cost: it says that it used nothing.
        #expect(try read(#"{"type":"result","modelUsage":{},"total_cost_usd":0}"#).end.usage == [])
        #expect(try read(#"{"type":"result"}"#).end.failure == nil)
    }

    @Test("Half of an escaped surrogate pair is mended, not refused")
    func halfSurrogate() throws {
        let events = try read(
            #"{"type":"assistant","message":{"id":"a","content":[{"type":"text","text":"cut \ud83d \ud83d\udc4b \\ud83d"}]}}"#
        ).events
        #expect(events == [.text(#"cut \#u{FFFD} 👋 \ud83d"#)])
    }

    @Test(
        "Nothing that is fed in can trap",
        arguments: ["", " ", "{}", "null", "[]", "\"x\"", "{\"type\":1}", "\u{0}"])
    func oddities(_ text: String) {
        #expect((try? read(text))?.end.usage == nil)
    }
}

@Suite("ReportedCost")
struct ReportedCostTests {
    static let texts: [(String, String?)] = [
        ("0.278994", "0.278994"), ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("12", "12"), ("1e-05", "0.00001"),
        ("5E-7", "0.0000005"), ("1.5e+2", "150"), ("1.2345e2", "123.45"), ("12e-1", "1.2"),
        ("0.01838799999999999", "0.01838799999999999"),
        ("1.2345678901234567e-5", "0.000012345678901234"), ("1e-300", "0"),
        ("-1", nil), ("-1e-30", nil), ("1e30", nil), ("1e92233720368547758079", nil), ("1e", nil), ("", nil),
        (".5", nil), ("x", nil), ("1.2.3", nil), ("1e300", nil),
    ]

    @Test("Reads dollars exactly, however they are written", arguments: texts)
    func reads(_ text: String, _ dollars: String?) {
        #expect(ReportedCost.read(text)?.decimalText == dollars)
    }
}
