import TestSupport
import Testing
import WebSocket

@Suite("WebSocket frames")
struct WebSocketFrameTests {
    /// What a client sends, and what then comes back.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let frames: [WebSocketFrame]
        var texts: [String] = []
        var code: Int

        var testDescription: String { name }
    }

    private static func text(_ text: String, isFinal: Bool = true) -> WebSocketFrame {
        WebSocketFrame(.text, Array(text.utf8), isFinal: isFinal)
    }

    private static func more(_ text: String, isFinal: Bool = true) -> WebSocketFrame {
        WebSocketFrame(.continuation, Array(text.utf8), isFinal: isFinal)
    }

    private static func changed(
        _ frame: WebSocketFrame, _ change: (inout WebSocketFrame) -> Void
    ) -> WebSocketFrame {
        var frame = frame
        change(&frame)
        return frame
    }

    private static let bye = WebSocketFrame.close(1000)
    private static let bytes125 = [UInt8](repeating: 0x61, count: 125)

    static let good: [Row] = [
        Row(name: "an empty text", frames: [text(""), bye], texts: [""], code: 1000),
        Row(name: "a text", frames: [text("Grüße"), bye], texts: ["Grüße"], code: 1000),
        Row(
            name: "texts of 125, 126, 65,535 and 65,536 bytes",
            frames: [125, 126, 65_535, 65_536].map { text(String(repeating: "a", count: $0)) } + [bye],
            texts: [125, 126, 65_535, 65_536].map { String(repeating: "a", count: $0) }, code: 1000),
        Row(
            name: "a text in fragments, one empty",
            frames: [
                text("a", isFinal: false), more("", isFinal: false), more("b", isFinal: false), more("c"),
                bye,
            ], texts: ["abc"], code: 1000),
        Row(
            name: "only empty fragments",
            frames: [text("", isFinal: false), more("", isFinal: false), more(""), bye], texts: [""],
            code: 1000),
        Row(
            name: "control frames between fragments",
            frames: [
                text("a", isFinal: false), WebSocketFrame(.ping, [1]), more("b", isFinal: false),
                WebSocketFrame(.pong, [2]), more("c"), bye,
            ], texts: ["abc"], code: 1000),
        Row(
            name: "a character split over fragments",
            frames: [
                WebSocketFrame(.text, [0xE2], isFinal: false),
                WebSocketFrame(.continuation, [0x82], isFinal: false),
                WebSocketFrame(.continuation, [0xAC]), bye,
            ], texts: ["€"], code: 1000),
        Row(
            name: "a pong that nobody asked for", frames: [WebSocketFrame(.pong, bytes125), bye], code: 1000),
        Row(name: "a close without a code", frames: [WebSocketFrame(.close)], code: 0),
        Row(
            name: "a close with the longest reason",
            frames: [.close(1000, [UInt8](repeating: 0x61, count: 123))], code: 1000),
    ]

    static let bad: [Row] = [
        Row(
            name: "a frame without a mask",
            frames: [changed(text("a")) { $0.isMasked = false }], code: 1002),
        Row(
            name: "a control frame without a mask",
            frames: [changed(WebSocketFrame(.ping)) { $0.isMasked = false }], code: 1002),
        Row(name: "a bare continuation", frames: [more("a")], code: 1002),
        Row(
            name: "a continuation after the end", frames: [text("a"), more("b")], texts: ["a"], code: 1002),
        Row(
            name: "a text inside a text", frames: [text("a", isFinal: false), text("b")], code: 1002),
        Row(
            name: "a binary message inside a text",
            frames: [text("a", isFinal: false), WebSocketFrame(.binary, [1])], code: 1002),
        Row(name: "a binary message", frames: [WebSocketFrame(.binary, [1])], code: 1003),
        Row(
            name: "a ping of 126 bytes", frames: [WebSocketFrame(.ping, bytes125 + [1])], code: 1002),
        Row(name: "a ping in fragments", frames: [WebSocketFrame(.ping, [1], isFinal: false)], code: 1002),
        Row(name: "a close in fragments", frames: [changed(bye) { $0.isFinal = false }], code: 1002),
        Row(name: "a close of one byte", frames: [WebSocketFrame(.close, [3])], code: 1002),
        Row(name: "a reason that is not UTF-8", frames: [.close(1000, [0xFF])], code: 1007),
    ]

    static let reserved: [Row] =
        (1...7).map { bits in
            Row(
                name: "reserved bits \(bits)",
                frames: [changed(text("a")) { $0.reservedBits = UInt8(bits) }], code: 1002)
        }
        + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { number in
            Row(
                name: "opcode \(number)", frames: [changed(text("a")) { $0.number = UInt8(number) }],
                code: 1002)
        }

    static let codes: [Row] =
        [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
        ].map { Row(name: "code \($0)", frames: [.close($0)], code: $0) }
        + [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map {
            Row(name: "code \($0)", frames: [.close($0)], code: 1002)
        }

    static let notUTF8: [Row] =
        [
            [0xFF], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xE2, 0x82],
            [0x80], [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xED, 0xA0, 0x80, 0x65],
        ].map { Row(name: "text \($0)", frames: [WebSocketFrame(.text, $0)], code: 1007) }
        + [
            Row(
                name: "an end in the middle of a character",
                frames: [
                    WebSocketFrame(.text, [0xE2], isFinal: false), WebSocketFrame(.continuation, [0x82]),
                ], code: 1007),
            Row(
                name: "a surrogate split over fragments",
                frames: [
                    WebSocketFrame(.text, [0xED], isFinal: false),
                    WebSocketFrame(.continuation, [0xA0, 0x80]),
                ], code: 1007),
        ]

    @Test("are answered as RFC 6455 says", arguments: good + bad + reserved + codes + notUTF8)
    func answers(_ row: Row) throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        client.send(raw: row.frames.flatMap(\.bytes))
        let (texts, code) = try client.receiveAll()
        #expect(texts == row.texts)
        #expect(code ?? 0 == row.code)
        #expect(echo.ending().code.rawValue == (row.code == 0 ? 1005 : UInt16(row.code)))
        client.endSending()
        #expect(try client.receive() == nil)
        #expect(echo.stop() == 0)
    }

    @Test("are the same when they come byte by byte")
    func byteByByte() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        let row = Self.good.flatMap { $0.frames.filter { $0.opcode != .close && $0.payload.count < 200 } }
        for byte in (row + [.close(3000, [0xC3, 0xBC])]).flatMap(\.bytes) { client.send(raw: [byte]) }
        let (texts, code) = try client.receiveAll()
        #expect(texts == Self.good.flatMap(\.texts).filter { $0.utf8.count < 200 })
        #expect(code == 3000)
        #expect(echo.stop() == 0)
    }

    @Test("a ping comes back as a pong with its payload", arguments: [0, 1, 125])
    func pong(count: Int) throws {
        let echo = try EchoServer()
        defer { echo.stop() }
        let client = try WebSocketClient(port: echo.port)
        let payload = (0..<count).map { UInt8($0) }
        client.send(WebSocketFrame(.ping, payload))
        let frame = try #require(try client.receive())
        #expect(frame.opcode == .pong && frame.payload == payload)
        #expect(frame.isFinal && !frame.isMasked && frame.reservedBits == 0)
    }

    @Test("a length with leading zeros, or beyond 63 bits, breaks the protocol")
    func lengths() throws {
        let heads: [[UInt8]] = [
            [0x81, 0xFE, 0, 125], [0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ]
        for head in heads {
            let echo = try EchoServer()
            let client = try WebSocketClient(port: echo.port)
            client.send(raw: head + [1, 2, 3, 4, 5])
            #expect(try client.receiveAll().code == 1002)
            #expect(echo.stop() == 0)
        }
    }
}
