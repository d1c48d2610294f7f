import Crypto
import HTTP
import TestSupport
import Testing
import WebSocket

@Suite("WebSocket handshake")
struct WebSocketHandshakeTests {
    private static let fields = [
        "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
        "sec-websocket-key": WebSocketClient.key,
    ]

    private func check(
        _ changes: [String: String?], method: String = "GET", minorVersion: Int = 1, body: [UInt8] = []
    ) -> Result<WebSocketHandshake, WebSocketRefusal> {
        var headers = HTTPHeaders()
        for (name, value) in Self.fields.merging(changes.compactMapValues { $0 }, uniquingKeysWith: { $1 })
        where changes[name] != .some(nil) {
            headers.add(name, value)
        }
        let head = HTTPRequestHead(
            method: method, target: "/ws", headers: headers, minorVersion: minorVersion)
        let exchange = HTTPExchange(inMemory: head, body: body)
        return Result { () throws(WebSocketRefusal) in try WebSocketHandshake(exchange) }
    }

    @Test("accepts the example of RFC 6455")
    func accepts() throws {
        #expect(try check([:]).get().acceptKey == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(
            try check(["upgrade": "h2c, WebSocket", "connection": "keep-alive , UPGRADE"]).get().acceptKey
                == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(
        "refuses what does not ask for a WebSocket",
        arguments: [
            (["upgrade": nil], .noUpgrade), (["upgrade": "h2c"], .noUpgrade),
            (["upgrade": "websocket2"], .noUpgrade), (["connection": "close"], .noUpgrade),
            (["connection": nil], .noUpgrade), (["sec-websocket-version": nil], .version),
            (["sec-websocket-version": "8"], .version), (["sec-websocket-version": "13, 8"], .version),
            (["sec-websocket-key": nil], .key), (["sec-websocket-key": ""], .key),
            (["sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ="], .key),
            (["sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ"], .key),
            (["sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==="], .key),
            (["sec-websocket-key": "dGhlIHNhbXBsZSBub25jZXM="], .key),
            (["sec-websocket-key": "dGhlIHNhbXBsZSBub25j*Q=="], .key),
        ] as [([String: String?], WebSocketRefusal)])
    func refuses(changes: [String: String?], refusal: WebSocketRefusal) {
        #expect(check(changes) == .failure(refusal))
    }

    @Test("refuses another method, a body and HTTP/1.0")
    func refusesRequests() {
        #expect(check([:], method: "POST") == .failure(.method))
        #expect(check([:], body: [1]) == .failure(.method))
        #expect(check([:], minorVersion: 0) == .failure(.noUpgrade))
    }

    @Test("says 426 and the version that is spoken")
    func names() throws {
        let echo = try EchoServer()
        defer { echo.stop() }
        let client = try RawClient(port: echo.port)
        client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
        #expect(answer.contains("\r\nsec-websocket-version: 13\r\n"))
        #expect(answer.contains("\r\nupgrade: websocket\r\n"))
        #expect(answer.contains("/problems/upgrade-required"))
    }

    @Test("agrees on no extension and no subprotocol")
    func agreesOnNothing() throws {
        let echo = try EchoServer()
        defer { echo.stop() }
        let client = try WebSocketClient(
            port: echo.port,
            headers: ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"])
        #expect(client.answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(client.answer.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
        #expect(!client.answer.lowercased().contains("extensions"))
        #expect(!client.answer.lowercased().contains("protocol:"))
    }

    @Test("standard base64 and SHA-1 are the published ones")
    func encodings() {
        for (text, encoded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ] {
            #expect(Base64.encode(Array(text.utf8)) == encoded)
            #expect(Base64.isEncoding(encoded, ofBytes: text.utf8.count))
            #expect(!Base64.isEncoding(encoded, ofBytes: text.utf8.count + 1))
        }
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(
            Hex.encode(SHA1.hash(of: Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Hex.encode(SHA1.hash(of: [])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    }
}
