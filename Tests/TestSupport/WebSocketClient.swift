/// A WebSocket client that sends exactly the frames it is told to.
package struct WebSocketClient: ~Copyable {
    /// The key of RFC 6455 §1.3.
    package static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// What the server answered to the handshake.
    package let answer: String
    private let client: RawClient

    /// Connects and asks; every wait ends after ten seconds.
    package init(
        port: Int, path: String = "/ws", headers: [String] = [], receiveBufferBytes: Int32 = 0,
        ahead: [UInt8] = []
    ) throws {
        let client = try RawClient(port: port, receiveBufferBytes: receiveBufferBytes)
        let lines = [
            "GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: keep-alive, Upgrade",
            "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(Self.key)",
        ]
        client.send(Array((lines + headers + ["", ""]).joined(separator: "\r\n").utf8) + ahead)
        // Nothing is owned before the answer is there: a throw from here on would close it twice.
        let answer = try client.receive(until: "\r\n\r\n")
        self.client = client
        self.answer = answer
    }

    /// The status of the handshake's answer.
    package var status: String { String(answer.dropFirst(9).prefix(3)) }

    /// Sends bytes as they are; false when the server has cut the connection.
    @discardableResult
    package func send(raw bytes: [UInt8]) -> Bool { client.send(bytes) }

    /// Sends a text in one frame; false when the server has cut the connection.
    @discardableResult
    package func send(_ text: String) -> Bool {
        client.send(WebSocketFrame(.text, Array(text.utf8)).bytes)
    }

    /// Sends a frame; false when the server has cut the connection.
    @discardableResult
    package func send(_ frame: WebSocketFrame) -> Bool { client.send(frame.bytes) }

    /// Ends this side.
    package func endSending() { client.endSending() }

    /// Receives a frame; nil at the end of the connection.
    package func receive() throws -> WebSocketFrame? {
        guard let head = try exactly(2) else { return nil }
        var length = Int(head[1] & 0x7F)
        if length >= 126 {
            guard let more = try exactly(length == 126 ? 2 : 8) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let payload = try exactly(length) else { return nil }
        var frame = WebSocketFrame(WebSocketFrame.Opcode(rawValue: head[0] & 15) ?? .continuation, payload)
        frame.isFinal = head[0] & 0x80 != 0
        frame.isMasked = head[1] & 0x80 != 0
        frame.reservedBits = head[0] >> 4 & 7
        return frame
    }

    /// Receives texts until a close frame or the end; returns them and the close frame's code.
    package func receiveAll() throws -> (texts: [String], code: Int?) {
        var texts: [String] = []
        while let frame = try receive() {
            switch frame.opcode {
            case .text: texts.append(frame.text)
            case .close: return (texts, frame.code)
            default: break
            }
        }
        return (texts, nil)
    }

    private func exactly(_ count: Int) throws -> [UInt8]? {
        var all: [UInt8] = []
        while all.count < count {
            let bytes = try client.receive(atMost: count - all.count)
            if bytes.isEmpty { return nil }
            all += bytes
        }
        return all
    }
}

/// A frame, right or wrong.
package struct WebSocketFrame: Hashable, Sendable {
    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text, binary
        case close = 8
        case ping, pong
    }

    package var opcode: Opcode
    package var payload: [UInt8]
    package var isFinal = true
    package var isMasked = true
    package var reservedBits: UInt8 = 0
    /// Sent instead of ``opcode``'s.
    package var number: UInt8?

    package init(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
    }

    /// A close frame.
    package static func close(_ code: Int, _ reason: [UInt8] = []) -> WebSocketFrame {
        WebSocketFrame(.close, [UInt8(code >> 8 & 0xFF), UInt8(code & 0xFF)] + reason)
    }

    package var text: String { String(decoding: payload, as: UTF8.self) }

    /// The code of a close frame; nil when it has none.
    package var code: Int? { payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }

    /// The frame on the wire, masked as a client's.
    package var bytes: [UInt8] {
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        var bytes = [(isFinal ? 0x80 : 0) | reservedBits << 4 | (number ?? opcode.rawValue)]
        let flag: UInt8 = isMasked ? 0x80 : 0
        let count = payload.count
        switch count {
        case ..<126: bytes.append(flag | UInt8(count))
        case ..<65_536: bytes += [flag | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default:
            bytes.append(flag | 127)
            bytes += (0..<8).reversed().map { UInt8(count >> ($0 * 8) & 0xFF) }
        }
        guard isMasked else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }
}
