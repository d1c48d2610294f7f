package import JSON

/// Hides the usage chunk of a chat stream from a client that did not ask for it.
///
/// `stream_options.include_usage` makes the provider add one chunk with usage and without choices, and
/// `"usage":null` to every other chunk. The added chunk is left out, from its first byte to its blank line;
/// every other byte passes as it came, the `null`s too: clients read those as absent, and taking them out
/// would mean to rewrite chunks. Bytes are given on in whole blocks; a block above the cap is given on as it
/// comes.
package struct IncludeUsageFilter {
    private let heldBytesMax: Int
    private let parser: JSONParser
    private var events: SSEParser
    private var held: [UInt8] = []
    /// Whether the block that is coming in was too large to hold, so that its first part has gone out.
    private var isReleasing = false
    private var isLastHidden = false

    /// Creates a filter that holds back at most `heldBytesMax` bytes.
    package init(parser: JSONParser = JSONParser(), heldBytesMax: Int = 256 << 10) {
        self.parser = parser
        self.heldBytesMax = heldBytesMax
        events = SSEParser(eventBytesMax: heldBytesMax)
    }

    /// Takes the next bytes of the stream and gives on those that the client is to see, in order.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) -> Void) {
        guard !bytes.isEmpty else { return }
        var start = 0
        if events.isAfterCR, bytes[0] == UInt8(ascii: "\n"), held.isEmpty, !isReleasing {
            // The second half of the last block's CRLF.
            if !isLastHidden { output(UnsafeRawBufferPointer(rebasing: bytes[..<1])) }
            start = 1
        }
        var filtered = Filtered(bytes: bytes, start: start, isReleasing: isReleasing)
        swap(&filtered.held, &held)
        Self.feed(bytes, to: &events, &filtered, parser, output)
        filtered.flush(output)
        isLastHidden = filtered.isLastHidden ?? isLastHidden
        isReleasing = filtered.isReleasing
        keep(filtered, output)
    }

    /// Gives on what is still held when the stream has ended.
    package mutating func finish(_ output: (UnsafeRawBufferPointer) -> Void) {
        var isHidden = false
        let parser = parser
        let isWhole = !isReleasing
        events.finish { isHidden = isWhole && Self.isUsageChunk($0, parser) }
        if !isHidden, !held.isEmpty { held.withUnsafeBytes { output($0) } }
        held = []
    }

    private mutating func keep(_ filtered: consuming Filtered, _ output: (UnsafeRawBufferPointer) -> Void) {
        let rest = UnsafeRawBufferPointer(rebasing: filtered.bytes[filtered.blockStart...])
        if isReleasing {
            if !rest.isEmpty { output(rest) }
        } else if filtered.held.count + rest.count > heldBytesMax {
            if !filtered.held.isEmpty { filtered.held.withUnsafeBytes { output($0) } }
            if !rest.isEmpty { output(rest) }
            isReleasing = true
        } else {
            held = filtered.held
            held.append(contentsOf: rest)
        }
    }

    private static func feed(
        _ bytes: UnsafeRawBufferPointer, to events: inout SSEParser, _ filtered: inout Filtered,
        _ parser: JSONParser, _ output: (UnsafeRawBufferPointer) -> Void
    ) {
        events.feed(bytes) { event in
            filtered.end(at: event.endOffset, isUsageChunk: isUsageChunk(event, parser), output)
        }
    }

    private static func isUsageChunk(_ event: SSEEvent, _ parser: JSONParser) -> Bool {
        guard event.hasData, !event.isOversized, EventFilter.hasUsage(event.data),
            let document = try? parser.parse(event.data), let usage = document.root["usage"],
            usage.kind == .object
        else { return false }
        guard let choices = document.root["choices"] else { return usage["prompt_tokens"] != nil }
        return choices.kind == .array && choices.array.first { _ in true } == nil
    }
}

/// What has become of the bytes of one feed so far.
private struct Filtered {
    let bytes: UnsafeRawBufferPointer
    /// First byte that has not been given on.
    var start: Int
    /// First byte of the block that is coming in.
    var blockStart: Int
    /// Bytes of that block from earlier feeds.
    var held: [UInt8] = []
    var isReleasing: Bool
    var isLastHidden: Bool?

    init(bytes: UnsafeRawBufferPointer, start: Int, isReleasing: Bool) {
        self.bytes = bytes
        self.start = start
        blockStart = start
        self.isReleasing = isReleasing
    }

    mutating func end(at offset: Int, isUsageChunk: Bool, _ output: (UnsafeRawBufferPointer) -> Void) {
        let isHidden = isUsageChunk && !isReleasing
        if isHidden {
            flush(output)
            start = offset
        } else if !held.isEmpty {
            held.withUnsafeBytes { output($0) }
        }
        held = []
        isReleasing = false
        isLastHidden = isHidden
        blockStart = offset
    }

    /// Gives on the whole blocks that are to be seen.
    mutating func flush(_ output: (UnsafeRawBufferPointer) -> Void) {
        if start < blockStart { output(UnsafeRawBufferPointer(rebasing: bytes[start..<blockStart])) }
        start = blockStart
    }
}
