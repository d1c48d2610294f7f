import Access
import LedgerCore
import Proxy
import TestSupport
import Testing

@Suite("Proxy, refusing")
struct ProxyRefusalTests {
    /// Keys that are nobody's.
    static func forged() throws -> [String] {
        let (ann, bob) = (try ProxyFixture.key("ann"), try ProxyFixture.key("bob"))
        let dot = try #require(ann.lastIndex(of: "."))
        let bobs = try #require(bob.lastIndex(of: "."))
        let ownSecret = ProxyKey.mint(for: try #require(UserID("ann")), secret: Array("another".utf8))
        return [
            "", "sk-proxy-", "sk-proxy-ann", "sk-proxy-ann.", String(ann.dropLast()), ann + "A",
            String(ann[...dot]) + String(bob[bobs...].dropFirst()), ownSecret, ann.uppercased(),
            "sk-ant-real", String(ann.dropFirst()), "sk-proxy-_other." + ann[ann.index(after: dot)...],
        ]
    }

    @Test("A key that was forged, cut, or signed for another is nobody's")
    func keys() throws {
        for key in try Self.forged() {
            #expect(ProxyKey.user(of: key, secret: ProxyFixture.secret) == nil, "\(key)")
        }
        let key = try ProxyFixture.key("ann.b@c")
        #expect(ProxyKey.user(of: key, secret: ProxyFixture.secret)?.text == "ann.b@c")
    }

    @Test("An unknown key is 401 in the provider's own shape, sends and records nothing")
    func unknownKey() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        for key in try Self.forged() where !key.isEmpty {
            let answer = try proxy.send(
                "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.message)
            #expect(answer.status == 401)
            #expect(answer.text.hasPrefix(#"{"type":"error","error":{"type":"authentication_error","#))
        }
        let chat = try proxy.send("POST", "/v1/chat/completions", headers: [], "{}")
        #expect(chat.status == 401)
        #expect(chat.text.contains(#""code":"invalid_api_key""#))
        let gemini = try proxy.send("POST", "/v1beta/models/g:generateContent", headers: [], "{}")
        #expect(gemini.status == 401)
        #expect(gemini.text.contains(#""status":"UNAUTHENTICATED""#))
        #expect(proxy.upstream.requests.isEmpty)
        #expect(try proxy.events().map(\.type) == [.pricesPublished])
    }

    @Test("Without the provider's key the answer is 503 and says what to set")
    func noProviderKey() throws {
        let proxy = try ProxyFixture(
            { $0.upstreams[.anthropic] = .init(url: "http://127.0.0.1:1", key: nil) },
            upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == 503)
        #expect(answer.text.contains("ANTHROPIC_API_KEY"))
        #expect(answer.text.hasPrefix(#"{"type":"error""#))
        #expect(try proxy.events().map(\.type) == [.pricesPublished])
    }

    static let badBodies = [
        "", "{", "[]", "null", "{\"model\":\"claude-sonnet-4-5\"", "{\"model\":1,\"max_tokens\":1}",
        "{\"model\":\"a\",\"model\":\"b\",\"max_tokens\":1,\"messages\":[]}",
        "{\"model\":\"a\",\"max_tokens\":-1,\"messages\":[]}", "{\"model\":\"a\u{0}\"}",
        "{\"model\":\"a\",\"max_tokens\":1,\"x\":" + String(repeating: "[", count: 10_000)
            + String(repeating: "]", count: 10_000) + "}",
    ]

    @Test("A body that cannot be read is 400, sends and records nothing", arguments: badBodies)
    func badBody(_ body: String) throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let answer = try proxy.message(body)
        #expect(answer.status == 400)
        #expect(answer.text.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error","#))
        #expect(proxy.upstream.requests.isEmpty)
        #expect(try proxy.events().map(\.type) == [.pricesPublished])
    }

    @Test("A body above the limit is 413 before it is read")
    func oversize() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let client = try RawClient(port: proxy.port)
        let key = try ProxyFixture.key("ann")
        client.send(
            "POST /v1/messages HTTP/1.1\r\nhost: p\r\nx-api-key: \(key)\r\ncontent-length: 99999999\r\n\r\n")
        #expect(try ClientAnswer(try client.receiveAllBytes()).status == 413)
        #expect(proxy.upstream.requests.isEmpty)
    }

    @Test("Over the limit is 429 with the time to wait, and the SDKs are told not to retry")
    func quota() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        try proxy.limit("ann", dollars: "0.001")
        let answer = try proxy.message()
        #expect(answer.status == 429)
        #expect(answer["x-should-retry"] == "false")
        let seconds = try #require(answer["retry-after"].flatMap { Int($0) })
        #expect((1...86_400).contains(seconds))
        #expect(answer.text.hasPrefix(#"{"type":"error","error":{"type":"rate_limit_error","#))
        #expect(answer.text.contains("of $0.001"))
        let chat = try proxy.chat(Samples.chatStreamed)
        #expect(chat.status == 429)
        #expect(chat.text.contains(#""code":"insufficient_quota""#))
        #expect(proxy.upstream.requests.isEmpty)
        let types = try proxy.events().map(\.type)
        #expect(types == [.pricesPublished, .quotaSet, .callRejected, .callRejected])
        // Another user is not touched.
        #expect(try proxy.message(user: "bob").status == 200)
    }

    @Test("A user who is switched off is refused without a time to wait")
    func disabled() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        try proxy.ask(.setQuota(try #require(UserID("ann")), Quota(isEnabled: false), actor: "admin"))
        let answer = try proxy.message()
        #expect(answer.status == 429)
        #expect(answer["retry-after"] == nil)
        #expect(proxy.upstream.requests.isEmpty)
    }
}
