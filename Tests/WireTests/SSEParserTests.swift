import JSON
import Testing

@testable import Wire

@Suite("SSEParser")
struct SSEParserTests {
    static let streams: [(String, [String])] = [
        ("data: a\n\n", ["|a"]),
        ("data:a\n\ndata:  b\n\n", ["|a", "| b"]),
        ("event: x\ndata: a\n\ndata: b\n\n", ["x|a", "|b"]),
        ("data: a\ndata: b\ndata:\ndata: c\n\n", ["|a\nb\n\nc"]),
        ("data\n\n", ["|"]),
        ("data:\n\n", ["|"]),
        (": c\n\ndata: a\n: c\n\n", ["|a"]),
        ("event: x\n\ndata: a\n\n", ["|a"]),
        ("id: 1\nretry: 5\ndata: a\nevent: y\n\n", ["y|a"]),
        ("\u{FEFF}data: a\n\ndata: \u{FEFF}b\n\n", ["|a", "|\u{FEFF}b"]),
        ("data: é🌍\n\n", ["|é🌍"]),
        ("database: a\n\nDATA: b\n\n", []),
        ("data: a", ["|a"]),
        ("data: a\n", ["|a"]),
        ("data: a\n\ndata: b\nda", ["|a", "|b"]),
        ("\n\n\ndata: a\n\n\n\n", ["|a"]),
        ("", []),
    ]

    @Test(
        "gives the same events for every line end and every split", arguments: streams, ["\n", "\r\n", "\r"])
    func events(_ stream: (String, [String]), _ end: String) {
        let bytes = Array(stream.0.utf8).flatMap { $0 == UInt8(ascii: "\n") ? Array(end.utf8) : [$0] }
        #expect(parse([bytes[...]]) == stream.1)
        for split in WireGolden.splits(of: bytes) { #expect(parse(split) == stream.1) }
    }

    @Test("skips an event above the cap and goes on", arguments: [1, 3, 50, 1000])
    func cap(_ size: Int) {
        let long = String(repeating: "x", count: 100)
        let lines = String(repeating: "data: 0123456789\n", count: 10)
        let bytes = Array(
            "data: a\n\ndata: \(long)\n\nevent: n\n\(lines)\ndata: b\n\n: \(long)\n\ndata: c\n\n".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map {
            bytes[$0..<min($0 + size, bytes.count)]
        }
        let events = parse(pieces, eventBytesMax: 64).filter { $0 != "oversized" }
        #expect(events == ["|a", "|b", "|c"])
        #expect(parse(pieces, eventBytesMax: 64).contains("oversized"))
    }

    private func parse(_ pieces: [ArraySlice<UInt8>], eventBytesMax: Int = 1 << 20) -> [String] {
        var parser = SSEParser(eventBytesMax: eventBytesMax)
        var events: [String] = []
        func take(_ event: SSEEvent) {
            if event.isOversized {
                events.append("oversized")
            } else if event.hasData {
                events.append(
                    String(decoding: event.name, as: UTF8.self) + "|"
                        + String(decoding: event.data, as: UTF8.self))
            }
        }
        for piece in pieces { piece.withUnsafeBytes { parser.feed($0, take) } }
        parser.finish(take)
        return events
    }
}
