import JSON
import Testing

@testable import Wire

@Suite("IncludeUsageFilter")
struct IncludeUsageFilterTests {
    static let hidden = [
        "chat-stream-include-usage", "chat-stream-azure", "chat-stream-choices-omitted",
        "chat-stream-usage-on-finish-chunk", "chat-stream-cut-in-usage",
        "chat-stream-usage-end-without-blank-line",
    ]

    @Test(
        "hides the usage chunk and no other byte, however the stream is split", arguments: hidden,
        ["\n", "\r\n", "\r"])
    func hides(_ name: String, _ end: String) throws {
        let stream = ending(lines: try WireGolden.bytes("\(name).sse"), with: end)
        let expected = ending(lines: try WireGolden.bytes("\(name).client.sse"), with: end)
        #expect(text(filtered([stream[...]])) == text(expected))
        let wrong = WireGolden.splits(of: stream).filter { filtered($0) != expected }
        #expect(
            wrong.count == 0, "\(wrong.count) splits differ, first after \(wrong.first?.first?.count ?? 0)")
    }

    @Test(
        "gives on every byte of a stream without a usage chunk",
        arguments: [
            "chat-stream-no-usage.sse", "chat-stream-running-usage.sse", "chat-stream-error.sse",
            "anthropic-stream.sse",
            "anthropic-stream-odd-framing.sse", "responses-stream.sse", "gemini-stream.sse",
            "chat-plain.json",
        ])
    func passes(_ name: String) throws {
        let stream = try WireGolden.bytes(name)
        let wrong = WireGolden.splits(of: stream).filter { filtered($0) != stream }
        #expect(wrong.count == 0)
    }

    @Test("gives on a block above the cap as it comes, and filters what follows")
    func cap() throws {
        let large = Array(("data: {\"x\":\"" + String(repeating: "y", count: 5000) + "\"}\r\n\r\n").utf8)
        let stream = large + (try WireGolden.bytes("chat-stream-include-usage.sse"))
        let expected = large + (try WireGolden.bytes("chat-stream-include-usage.client.sse"))
        for size in [1, 7, 100, 999, 5015, 100_000] {
            let pieces = stride(from: 0, to: stream.count, by: size).map {
                stream[$0..<min($0 + size, stream.count)]
            }
            #expect(filtered(pieces, heldBytesMax: 1000) == expected)
        }
    }

    private func filtered(_ pieces: [ArraySlice<UInt8>], heldBytesMax: Int = 256 << 10) -> [UInt8] {
        var filter = IncludeUsageFilter(heldBytesMax: heldBytesMax)
        var output: [UInt8] = []
        for piece in pieces { piece.withUnsafeBytes { filter.feed($0) { output.append(contentsOf: $0) } } }
        filter.finish { output.append(contentsOf: $0) }
        return output
    }

    private func ending(lines: [UInt8], with end: String) -> [UInt8] {
        lines.flatMap { $0 == UInt8(ascii: "\n") ? Array(end.utf8) : [$0] }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
