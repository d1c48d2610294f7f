import Proxy
import TestSupport
import Testing

/// What the client got, taken apart.
struct ClientAnswer {
    let status: Int
    let fields: [(name: String, value: String)]
    let text: String
    /// Whether the answer's framing says that all of it is there.
    let isWhole: Bool

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Takes the bytes of one connection apart; a body in chunks is put together.
    init(_ bytes: [UInt8]) throws {
        let end = try #require(
            bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }, "no head")
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        status = try #require(lines.first.flatMap { Int($0.split(separator: " ")[1]) })
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
        }
        var rest = bytes[(end + 4)...]
        guard fields.contains(where: { $0.name == "transfer-encoding" }) else {
            text = String(decoding: rest, as: UTF8.self)
            let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) }
            isWhole = length == rest.count
            return
        }
        var body: [UInt8] = []
        var isWhole = false
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")), newline > rest.startIndex,
            let size = Int(String(decoding: rest[..<(newline - 1)], as: UTF8.self), radix: 16)
        {
            if size == 0 { isWhole = true }
            guard size > 0, rest.endIndex - newline >= size + 3 else { break }
            body += rest[(newline + 1)..<(newline + 1 + size)]
            rest = rest[(newline + 1 + size + 2)...]
        }
        self.isWhole = isWhole
        text = String(decoding: body, as: UTF8.self)
    }
}

extension ProxyFixture {
    /// The head and body of a request.
    static func request(_ method: String, _ path: String, headers: [String], _ body: String = "") -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "host: proxy", "connection: close"] + headers
        if !body.isEmpty || method == "POST" { lines.append("content-length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// Sends one request and reads its answer to the end.
    func send(_ method: String, _ path: String, headers: [String], _ body: String = "") throws -> ClientAnswer
    {
        let client = try RawClient(port: port)
        client.send(Self.request(method, path, headers: headers, body))
        return try ClientAnswer(try client.receiveAllBytes())
    }

    /// Calls the Messages API as `user`.
    func message(
        _ body: String = Samples.message, user: String = "ann", headers: [String] = []
    ) throws -> ClientAnswer {
        let key = try Self.key(user)
        return try send("POST", "/v1/messages", headers: ["x-api-key: \(key)"] + headers, body)
    }

    /// Calls the Chat Completions API as `user`.
    func chat(_ body: String, user: String = "ann") throws -> ClientAnswer {
        let key = try Self.key(user)
        return try send("POST", "/v1/chat/completions", headers: ["authorization: Bearer \(key)"], body)
    }
}

/// Requests and answers as the providers have them.
enum Samples {
    static let message =
        #"{"model":"claude-sonnet-4-5","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]}"#
    static let messageStreamed =
        #"{"model":"claude-sonnet-4-5","max_tokens":1000,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#
    static let chatStreamed =
        #"{"model":"gpt-4o","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#

    /// 1,000 tokens in and 200 out: $0.003 and $0.003.
    static let answer =
        #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
        + #""content":[{"type":"text","text":"héllo"}],"stop_reason":"end_turn","#
        + #""usage":{"input_tokens":1000,"output_tokens":200}}"#

    /// The same as a stream, event by event.
    static let events: [String] = [
        #"event: message_start"# + "\n"
            + #"data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","#
            + #""model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":1000,"output_tokens":1}}}"#,
        #"event: content_block_delta"# + "\n"
            + #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"héllo ✓"}}"#,
        #"event: content_block_delta"# + "\n"
            + #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" there"}}"#,
        #"event: message_delta"# + "\n"
            + #"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":200}}"#,
        #"event: message_stop"# + "\n" + #"data: {"type":"message_stop"}"#,
    ].map { $0 + "\n\n" }

    /// An answer with a length.
    static func whole(_ body: String, fields: [String] = []) -> String { whole(200, body, fields: fields) }

    /// An answer with a length and a status.
    static func whole(_ status: Int, _ body: String, fields: [String] = []) -> String {
        let lines =
            [
                "HTTP/1.1 \(status) Any", "content-type: application/json",
                "content-length: \(body.utf8.count)",
            ]
            + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    static let streamHead =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"

    static func chunk(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    static func chunk(_ text: String) -> [UInt8] { chunk(Array(text.utf8)) }

    static let lastChunk = "0\r\n\r\n"

    /// A provider that gives every request the same answer.
    static func always(_ answer: String) -> @Sendable (ScriptedPeer.Connection) -> Void {
        { connection in while connection.request() != nil { connection.send(answer) } }
    }

    /// A provider that streams `events`.
    static func streaming(_ events: [String]) -> @Sendable (ScriptedPeer.Connection) -> Void {
        { connection in
            while connection.request() != nil {
                connection.send(streamHead)
                for event in events { connection.send(chunk(event)) }
                connection.send(lastChunk)
            }
        }
    }
}
