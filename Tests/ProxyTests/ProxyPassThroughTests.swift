import LedgerCore
import Proxy
import TestSupport
import Testing

@Suite("Proxy, passing through")
struct ProxyPassThroughTests {
    @Test("An answer reaches the client as it came, and its head tells the cost")
    func unary() throws {
        let proxy = try ProxyFixture(
            upstream: Samples.always(
                Samples.whole(
                    Samples.answer,
                    fields: ["request-id: req_1", "x-custom: kept", "keep-alive: timeout=5", "alt-svc: h3"])))
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == 200)
        #expect(answer.text == Samples.answer)
        #expect(answer.isWhole)
        #expect(answer["request-id"] == "req_1")
        #expect(answer["x-custom"] == "kept")
        #expect(answer["keep-alive"] == nil)
        #expect(answer["alt-svc"] == nil)
        #expect(answer["x-ledger-cost-usd"] == "0.006")
        #expect(answer["x-ledger-position"] == "3")
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .priced(try Money(decimal: "0.006")))
        #expect(settled.result == .ok)
        #expect(settled.providerRequestID == "msg_1")
    }

    @Test("The trace that a call belongs to reaches the provider as it came")
    func trace() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let fields = [
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate: a=1",
        ]
        #expect(try proxy.message(headers: fields).status == 200)
        let request = try #require(proxy.upstream.requests.first)
        for field in fields { #expect(request.contains(field + "\r\n")) }
    }

    @Test("A provider's name for its answer is recorded as a name, whatever bytes it sends")
    func oddIdentifier() throws {
        let answer = Samples.answer.replacing("msg_1", with: #"msg\u0000\n_ü1"#)
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(answer)))
        defer { proxy.stop() }
        #expect(try proxy.message().text == answer)
        #expect(try proxy.settled().first?.providerRequestID == "msg??_?1")
    }

    /// Sizes in which a stream is cut into the provider's chunks, each in its own packet.
    static let sizes = [1, 2, 3, 7, 16, 61, 256, 100_000]

    @Test("A stream reaches the client byte for byte, however it is cut", arguments: sizes)
    func stream(_ size: Int) throws {
        let bytes = Array(Samples.events.joined().utf8)
        let proxy = try ProxyFixture { connection in
            while connection.request() != nil {
                connection.send(Samples.streamHead)
                for start in stride(from: 0, to: bytes.count, by: size) {
                    connection.send(Samples.chunk(bytes[start..<min(start + size, bytes.count)]))
                }
                connection.send(Samples.lastChunk)
            }
        }
        defer { proxy.stop() }
        let answer = try proxy.message(Samples.messageStreamed)
        #expect(answer.text == Samples.events.joined())
        #expect(answer.isWhole)
        #expect(answer["content-type"] == "text/event-stream; charset=utf-8")
        let settled = try #require(try proxy.settled().first)
        #expect(settled.usage.input == 1000)
        #expect(settled.usage.output == 200)
        #expect(settled.cost == .priced(try Money(decimal: "0.006")))
    }

    @Test("An answer that is too large to hold is streamed, and settled all the same")
    func large() throws {
        let padding = String(repeating: "x", count: 200_000)
        let body = Samples.answer.split(separator: "héllo").joined(separator: padding)
        let proxy = try ProxyFixture(
            { $0.heldAnswerBytesMax = 1000 }, upstream: Samples.always(Samples.whole(body)))
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.text == body)
        #expect(answer.isWhole)
        #expect(try proxy.settled().first?.cost == .priced(try Money(decimal: "0.006")))
    }

    @Test("The provider gets its own key and the client's body, and nothing about the client")
    func requestFields() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        let hidden = [
            "cookie: canary-1", "x-forwarded-for: canary-2", "x-forwarded-host: canary-3", "x-user: canary-4",
            "forwarded: canary-5", "x-real-ip: canary-6", "proxy-authorization: canary-7", "te: canary-8",
            "x-hop: canary-9", "x-dispatch-id: canary-10", "x-session-id: canary-11", "x-ledger-x: canary-12",
            "authorization: Bearer \(key)",
        ]
        let shown = ["anthropic-version: 2023-06-01", "anthropic-beta: a,b", "user-agent: sdk/1"]
        let client = try RawClient(port: proxy.port)
        let fields = (["host: proxy", "connection: close, x-hop", "x-api-key: \(key)"] + hidden + shown)
            .joined(separator: "\r\n")
        client.send(
            "POST /v1/messages?beta=true HTTP/1.1\r\n\(fields)\r\ncontent-length: \(Samples.message.utf8.count)\r\n\r\n"
                + Samples.message)
        #expect(try ClientAnswer(try client.receiveAllBytes()).status == 200)
        let request = try #require(proxy.upstream.requests.first)
        #expect(!request.contains("canary"))
        #expect(!request.contains(key))
        #expect(request.hasPrefix("POST /v1/messages?beta=true HTTP/1.1\r\n"))
        #expect(request.hasSuffix("\r\n\r\n" + Samples.message))
        let lower = request.lowercased()
        #expect(lower.contains("\r\nx-api-key: real-key\r\n"))
        #expect(lower.contains("\r\naccept-encoding: identity\r\n"))
        for field in shown { #expect(lower.contains("\r\n\(field)\r\n"), "\(field)") }
        let settled = try #require(try proxy.settled().first)
        #expect(settled.call.dispatchID == "canary-10")
        #expect(settled.call.sessionID == "canary-11")
    }

    @Test("A key in the query of a Gemini call goes no further")
    func keyInQuery() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(#"{"candidates":[]}"#)))
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        let path = "/v1beta/models/gemini-2.5-flash:generateContent?key=\(key)&alt=json"
        let answer = try proxy.send(
            "POST", path, headers: ["content-type: application/json"],
            #"{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":10}}"#)
        #expect(answer.status == 200)
        let request = try #require(proxy.upstream.requests.first)
        #expect(!request.contains(key))
        #expect(request.contains("alt=json"))
        #expect(request.lowercased().contains("x-goog-api-key: real-key"))
    }

    @Test("Two SDKs, two ways to show a key, one user")
    func bearer() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(#"{"id":"c","object":"list"}"#)))
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        let answer = try proxy.send("GET", "/v1/models", headers: ["authorization: Bearer \(key)"])
        #expect(answer.status == 200)
        let request = try #require(proxy.upstream.requests.first)
        #expect(request.lowercased().contains("\r\nauthorization: bearer real-key\r\n"))
        #expect(try proxy.settled().first?.cost == .priced(.zero))
    }
}
