import LedgerCore
import TestSupport
import Testing

@Suite("Proxy, chat streams")
struct ProxyChatStreamTests {
    static let chunks: [String] = [
        #"data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"hi"}}],"usage":null}"#,
        #"data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    ].map { $0 + "\n\n" }
    static let usage =
        #"data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}"#
        + "\n\n"
    static let done = "data: [DONE]\n\n"

    private func proxy() throws -> ProxyFixture {
        try ProxyFixture(upstream: Samples.streaming(Self.chunks + [Self.usage, Self.done]))
    }

    @Test("Usage is asked for on the client's behalf, and hidden from a client that did not ask")
    func hidden() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let answer = try proxy.chat(Samples.chatStreamed)
        #expect(answer.text == Self.chunks.joined() + Self.done)
        #expect(answer.isWhole)
        let request = try #require(proxy.upstream.requests.first)
        #expect(request.contains(#""stream_options":{"include_usage":true}"#))
        let settled = try #require(try proxy.settled().first)
        // 1,000 at $2.50 and 200 at $10 a million.
        #expect(settled.cost == .priced(try Money(decimal: "0.0045")))
        #expect(settled.call.api == "chatCompletions")
    }

    @Test("A client that asked sees it, and its body goes on unchanged")
    func visible() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let body =
            #"{"model":"gpt-4o","max_tokens":100,"stream":true,"stream_options":{"include_usage":true},"messages":[]}"#
        let answer = try proxy.chat(body)
        #expect(answer.text == Self.chunks.joined() + Self.usage + Self.done)
        #expect(try #require(proxy.upstream.requests.first).hasSuffix("\r\n\r\n" + body))
        #expect(try proxy.settled().first?.cost == .priced(try Money(decimal: "0.0045")))
    }

    @Test("A stream request that the provider refuses gets the provider's own body")
    func refused() throws {
        let body = "{\n\n\"error\": {\"message\": \"no\", \"usage\": {}}\n\n}"
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(400, body)))
        defer { proxy.stop() }
        let answer = try proxy.chat(Samples.chatStreamed)
        #expect(answer.status == 400)
        #expect(answer.text == body)
        #expect(try proxy.settled().first?.cost == .priced(.zero))
    }
}
