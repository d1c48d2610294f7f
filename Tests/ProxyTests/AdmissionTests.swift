import LedgerCore
import LedgerRuntime
import Testing
import Wire

@testable import Proxy

@Suite("Admission")
struct AdmissionTests {
    static let messages = APIRoute(method: "POST", path: "/v1/messages")
    static let batches = APIRoute(method: "POST", path: "/v1/messages/batches")
    static let chat = APIRoute(method: "POST", path: "/v1/chat/completions")
    static let responses = APIRoute(method: "POST", path: "/v1/responses")
    static let gemini = APIRoute(
        method: "POST", path: "/v1beta/models/gemini-2.5-pro:generateContent")

    /// One period for each of three providers, with everything that a request can bring about.
    static let book = """
        {"format":"dispatch-ledger-prices/1","currency":"USD","unpricedReserveUsd":"7","models":[
        {"provider":"anthropic","model":"claude","outputTokensMax":1000,"inputTokensMax":200000,
        "source":"s","checked":"2026-11-24","prices":[{"from":"2020-01-01T00:00:00Z",
        "perMillion":{"input":"10","cacheRead":"1","cacheWrite5m":"20","cacheWrite1h":"40","output":"100"},
        "perThousand":{"webSearch":"10"},
        "multipliers":{"batch":"0.5","fast":"6","geoUs":"1.1"}}]},
        {"provider":"anthropic","model":"claude-dear","outputTokensMax":1000,"source":"s",
        "checked":"2026-11-24","prices":[{"from":"2020-01-01T00:00:00Z",
        "perMillion":{"input":"100","output":"1000"}}]},
        {"provider":"openai","model":"gpt","outputTokensMax":1000,"source":"s","checked":"2026-11-24",
        "prices":[{"from":"2020-01-01T00:00:00Z",
        "perMillion":{"input":"10","cacheRead":"1","cacheWrite5m":"12.5","inputAudio":"80","inputImage":"11",
        "output":"100","outputAudio":"800"},
        "rates":{"priority":{"perMillion":{"input":"20","cacheWrite5m":"25","output":"200"}},
        "flex":{"perMillion":{"input":"5","output":"50"}}}}]},
        {"provider":"gemini","model":"gemini-2.5-pro","outputTokensMax":1000,"source":"s",
        "checked":"2026-11-24","prices":[{"from":"2020-01-01T00:00:00Z",
        "perMillion":{"input":"10","cacheRead":"1","inputAudio":"80","output":"100"}}]}]}
        """

    private let admission: Admission

    init() throws {
        admission = Admission(
            prices: try PriceBookFile.parse(Array(Self.book.utf8), file: "f"),
            time: Timestamp(microseconds: 1_790_000_000_000_000))
    }

    private func request(_ text: String, _ route: APIRoute = messages) throws -> CallRequest {
        try CallRequest(Array(text.utf8), route: route)
    }

    private func dollars(_ text: String, _ route: APIRoute = messages) throws -> Money {
        let result = admission.estimate(try request(text, route), route)
        #expect(result.isPriced)
        return result.estimate.cost
    }

    /// What `text` costs when each of its bytes, and 2,048 tokens more, are input at `rate` dollars for a
    /// million, and a hundred tokens output at `output`.
    private func expected(_ text: String, input rate: Int, output: Int) -> Money {
        let input = (text.utf8.count + 2_048) * rate
        return Money(attos: Int128(input + 100 * output) * (Money.attosPerDollar / 10_000_000))
    }

    static let cases: [(route: APIRoute, text: String, input: Int, output: Int)] = [
        // Ten dollars a million, and a tenth more where a workspace may be set to the United States.
        (messages, #"{"model":"claude","max_tokens":100,"messages":[]}"#, 110, 1_100),
        (messages, #"{"model":"claude","max_tokens":100,"inference_geo":"global"}"#, 100, 1_000),
        (messages, #"{"model":"claude","max_tokens":100,"inference_geo":"us"}"#, 110, 1_100),
        (
            messages, #"{"model":"claude","max_tokens":100,"inference_geo":"global","speed":"fast"}"#, 600,
            6_000
        ),
        (
            messages,
            #"{"model":"claude","max_tokens":100,"inference_geo":"global","cache_control":{"type":"ephemeral"}}"#,
            200, 1_000
        ),
        (
            messages,
            #"{"model":"claude","max_tokens":100,"inference_geo":"global","system":[{"c\u0061che_control":{"ttl":"1h"}}]}"#,
            400, 1_000
        ),
        // Nobody says which tier: the project's own, which may be priority.
        (chat, #"{"model":"gpt","max_tokens":100}"#, 250, 2_000),
        (chat, #"{"model":"gpt","max_tokens":100,"service_tier":"auto"}"#, 250, 2_000),
        (chat, #"{"model":"gpt","max_tokens":100,"service_tier":"priority"}"#, 250, 2_000),
        (chat, #"{"model":"gpt","max_tokens":100,"service_tier":"default"}"#, 125, 1_000),
        (chat, #"{"model":"gpt","max_tokens":100,"service_tier":"flex"}"#, 125, 1_000),
        (gemini, #"{"generationConfig":{"maxOutputTokens":100}}"#, 100, 1_000),
    ]

    @Test("reserves for what the request can bring about, and for nothing else", arguments: cases)
    func tight(_ test: (route: APIRoute, text: String, input: Int, output: Int)) throws {
        let bound = try dollars(test.text, test.route)
        #expect(bound == expected(test.text, input: test.input, output: test.output), "\(test.text)")
    }

    @Test("each prompt of a list has its answers reserved for, and its own reading")
    func prompts() throws {
        let route = APIRoute(method: "POST", path: "/v1/completions")
        func bound(_ prompt: String, _ more: String = "") throws -> RequestBound {
            let text = #"{"model":"gpt","max_tokens":100,"prompt":\#(prompt)\#(more)}"#
            return Admission.bound(of: try request(text, route), route)
        }
        #expect(try bound(#"["a","b","c"]"#, #","n":2,"best_of":4"#).answers == 12)
        #expect(try bound("[[1],[2]]").answers == 2)
        #expect(try bound("[1,2,3]").answers == 1)
        // One reading holds no more than the model does; several can.
        #expect(try bound(#"["a"]"#).isOneReading)
        #expect(try !bound(#"["a","b"]"#).isOneReading)
        let many = #"["a"\#(String(repeating: #","a""#, count: 499))]"#
        let body = #"{"model":"gpt","max_tokens":100,"prompt":\#(many)}"#
        // 500 answers of 100 tokens at $200 a million.
        #expect(try dollars(body, route) > Money(decimal: "10"))
        let most = Int64.max
        #expect(try bound(#"["a","b"]"#, #","n":\#(most)"#).answers == 1 << 40)
    }

    @Test("an answer in sound is reserved for where it may be asked for")
    func sound() throws {
        let text =
            #"{"model":"gpt","max_tokens":100,"service_tier":"default","modalities":["text","audio"]}"#
        // The word may be a clip too: 20,000 tokens more, and all of them at the price of sound.
        let each = Int128(text.utf8.count + 22_048) * 800 + 100 * 8_000
        #expect(try dollars(text, Self.chat) == Money(attos: each * (Money.attosPerDollar / 10_000_000)))
    }

    @Test("a long prompt to a dear model passes a small budget, and a fast one does not")
    func longPrompt() throws {
        let real = Admission(
            prices: try PriceBookFile.embedded(), time: Timestamp(microseconds: 1_795_000_000_000_000))
        let text = String(repeating: "word ", count: 13_400)
        func cost(_ more: String) throws -> Money {
            let body =
                #"{"model":"claude-opus-4-6","max_tokens":8000,"messages":[{"role":"user","content":"\#(text)"}]\#(more)}"#
            return real.estimate(try request(body), Self.messages).estimate.cost
        }
        // 69,200 × 5 × 1.1 and 8,000 × 25 × 1.1: 60 cents.
        #expect(try cost("") < Money(decimal: "0.61"))
        #expect(try cost(#","speed":"fast""#) > Money(decimal: "0.7"))
    }

    @Test("the data of an image is no text, wherever the provider reads it as an image and nowhere else")
    func images() throws {
        let data = String(repeating: "A", count: 100_000)
        let block = #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"\#(data)"}}"#
        func tokens(_ text: String, _ route: APIRoute) throws -> Int64 {
            Admission.bound(of: try request(text, route), route).inputTokens
        }
        let inMessage =
            #"{"model":"claude","max_tokens":1,"messages":[{"role":"user","content":[\#(block)]}]}"#
        let inResult =
            #"{"model":"claude","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","content":[\#(block)]}]}]}"#
        for text in [inMessage, inResult] {
            #expect(try tokens(text, Self.messages) == Int64(text.utf8.count) - 100_000 + 2_048 + 5_000)
        }
        // A tool's input is read letter by letter, whatever it looks like.
        let asText =
            #"{"model":"claude","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","input":\#(block)}]}]}"#
        #expect(try tokens(asText, Self.messages) == Int64(asText.utf8.count) + 2_048 + 20_000)
        let small =
            #"{"model":"gpt-4o-mini","messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}}]}]}"#
        #expect(
            try tokens(small, Self.chat) == Int64(small.utf8.count) - 100_022 + 2_048 + 50_000)
        let linked =
            #"{"model":"gpt","input":[{"content":[{"type":"input_image","image_url":"https://x.example/a.png"}]}]}"#
        #expect(try tokens(linked, Self.responses) == Int64(linked.utf8.count) + 2_048 + 20_000)
        let inline =
            #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(data)"}}]}]}"#
        #expect(try tokens(inline, Self.gemini) == Int64(inline.utf8.count) - 100_000 + 2_048 + 5_000)
    }

    static let unseen: [(route: APIRoute, text: String)] = [
        (
            messages,
            #"{"model":"claude","max_tokens":1,"messages":[{"content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]}"#
        ),
        (
            messages,
            #"{"model":"claude","max_tokens":1,"messages":[{"content":[{"type":"document","source":{"type":"url","url":"https://x"}}]}]}"#
        ),
        (responses, #"{"model":"gpt","previous_response_id":"r"}"#),
        (responses, #"{"model":"gpt","prompt":{"id":"p"}}"#),
        (gemini, #"{"cachedContent":"c"}"#),
        (gemini, #"{"contents":[{"parts":[{"fileData":{"fileUri":"u"}}]}]}"#),
    ]

    @Test("what a request only refers to may fill the model", arguments: unseen)
    func unseenInput(_ test: (route: APIRoute, text: String)) throws {
        let bound = Admission.bound(of: try request(test.text, test.route), test.route)
        #expect(bound.hasUnseenInput)
        #expect(try dollars(test.text, test.route) > Money(decimal: "2"))
    }

    @Test("null refers to nothing, and an image's file is an image")
    func seenInput() throws {
        for (route, text) in [
            (Self.responses, #"{"model":"gpt","previous_response_id":null,"prompt":null}"#),
            (
                Self.messages,
                #"{"model":"claude","max_tokens":1,"messages":[{"content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}"#
            ),
        ] {
            #expect(!Admission.bound(of: try request(text, route), route).hasUnseenInput)
        }
    }

    @Test("of a tool's repeated keys each counts")
    func repeatedKeys() throws {
        let plain = #"{"model":"claude","max_tokens":1,"tools":[{"type":"custom","max_uses":1}]}"#
        #expect(try !request(plain).hasWebSearch)
        let tricky =
            #"{"model":"claude","max_tokens":1,"tools":[{"type":"custom","type":"web_search_20250305","max_uses":1,"max_uses":500}]}"#
        #expect(try request(tricky).hasWebSearch)
        #expect(try request(tricky).webSearchesMax == 500)
        #expect(try request(tricky.replacing("500", with: "null")).webSearchesMax == nil)
        // Five dollars for five hundred searches.
        #expect(try dollars(tricky) > Money(decimal: "5"))
        func one(_ limit: Int) -> String {
            let tool = #"{"type":"web_search_1","max_uses":\#(limit)}"#
            return #"{"params":{"model":"claude","max_tokens":1,"tools":[\#(tool)]}}"#
        }
        let batch = #"{"requests":[\#(one(3)),\#(one(4))]}"#
        #expect(try request(batch, Self.batches).webSearchesMax == 7)
        // A batch is half the price for sure: 2,048 and its bytes at 5.5, two tokens at 55, seven searches.
        let half = Int128(batch.utf8.count + 2_048) * 55 + 2 * 550
        #expect(
            try dollars(batch, Self.batches)
                == Money(attos: half * (Money.attosPerDollar / 10_000_000)).adding(Money(decimal: "0.07")))
    }

    @Test("models that may do part of the work are reserved for too")
    func otherModels() throws {
        let alone = #"{"model":"claude","max_tokens":100,"tools":[{"type":"advisor_1","name":"gpt-name"}]}"#
        let advised =
            #"{"model":"claude","max_tokens":100,"tools":[{"type":"advisor_1","model":"claude-dear"}]}"#
        let falling = #"{"model":"claude","max_tokens":100,"fallbacks":[{"model":"claude-dear"}]}"#
        for text in [advised, falling] {
            let each = Int128(text.utf8.count + 2_048) * 1_000 + 100 * 10_000
            let more = Money(attos: each * (Money.attosPerDollar / 10_000_000))
            #expect(try dollars(text) == expected(text, input: 110, output: 1_100).adding(more))
        }
        #expect(try dollars(alone) == expected(alone, input: 110, output: 1_100))
        let unknown = advised.replacing("claude-dear", with: "claude-unheard-of")
        let result = admission.estimate(try request(unknown), Self.messages)
        #expect(!result.isPriced)
        #expect(result.estimate.cost == (try Money(decimal: "7")))
    }

    @Test("tools with a fee that no answer tells hold once what an unknown price does")
    func fees() throws {
        func tight(_ tools: String) throws -> Bool {
            let text =
                #"{"model":"gpt","max_output_tokens":100,"service_tier":"default","tools":[\#(tools)]}"#
            let bound = expected(text, input: 125, output: 1_000)
            let isHeld = try dollars(text, Self.responses) == bound.adding(Money(decimal: "7"))
            #expect(try isHeld || dollars(text, Self.responses) == bound)
            return !isHeld
        }
        for name in ["file_search", "code_interpreter", "image_generation"] {
            #expect(try !tight(#"{"type":"\#(name)"}"#))
            #expect(try tight(#"{"type":"function","name":"\#(name)","parameters":{"type":"object"}}"#))
        }
        #expect(try !tight(#"{"type":"file_search"},{"type":"image_generation"}"#))
        #expect(try tight(#"{"type":"mcp"}"#))
        // The fee stands for the model that draws, which needs no price here.
        let drawn = #"{"type":"image_generation","model":"gpt-image-unheard-of"}"#
        #expect(try !tight(drawn))
        let drawing = try request(#"{"model":"gpt","tools":[\#(drawn)]}"#, Self.responses)
        #expect(admission.unknownModel(of: drawing, Self.responses) == nil)
        // Beside a model without a price it is held as well.
        let unknown = try request(#"{"model":"gpt-unheard-of","tools":[\#(drawn)]}"#, Self.responses)
        #expect(admission.estimate(unknown, Self.responses).estimate.cost == (try Money(decimal: "14")))
    }

    @Test("an unknown model, and an unknown path, are never free")
    func neverFree() throws {
        let text = #"{"model":"claude-unheard-of","max_tokens":1}"#
        let result = admission.estimate(try request(text), Self.messages)
        #expect(!result.isPriced)
        #expect(result.estimate.cost == (try Money(decimal: "7")))
        let path = APIRoute(method: "POST", path: "/v1/unheard-of", isAnthropic: true)
        let known = #"{"model":"claude","max_tokens":100}"#
        // Everything is possible there: an hour's cache, fast, the United States, and work without a price.
        #expect(try dollars(known, path) == Money(decimal: "7"))
        let long = known.replacing("100", with: "4000")
        let most = Int128(long.utf8.count + 2_048) * 2_640 + 4_000 * 6_600
        let bound = Money(attos: most * (Money.attosPerDollar / 10_000_000))
        #expect(try dollars(long, path) == max(bound, Money(decimal: "7")))
    }
}
