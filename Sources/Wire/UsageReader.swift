package import JSON

/// Reads the usage from the bytes of one answer as they pass, one reader for each answer.
///
/// Streams are cut into events, and only those that can matter are parsed; the results of a batch are read
/// line by line; other bodies are collected up to a cap and parsed at the end. The bytes themselves are never
/// changed.
package struct UsageReader {
    /// The most bytes of a body that are kept to be parsed whole.
    package static let bodyBytesMax = 32 << 20
    private static let tailBytes = 64 << 10
    private static let lineBytesMax = 16 << 20

    private let bodyBytesMax: Int
    private let isStreamed: Bool
    private let parser: JSONParser
    private var answer: AnswerReader
    private var events = SSEParser()
    private var body: [UInt8] = []
    /// Cuts the results of a batch, of which there may be any number, into lines.
    private var lines: LineSplitter?
    private var isBodyCut = false
    private var areLinesCut = false
    private var bytesSeen: Int64 = 0

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - api: the kind of call.
    ///   - streamed: whether the answer is `text/event-stream`.
    ///   - parser: the loop's parser, whose memory is used again and again.
    ///   - bodyBytesMax: the most bytes of a body that are kept.
    package init(
        api: APIKind, streamed: Bool, parser: JSONParser = JSONParser(), bodyBytesMax: Int = bodyBytesMax
    ) {
        isStreamed = streamed
        self.parser = parser
        self.bodyBytesMax = max(bodyBytesMax, Self.tailBytes)
        if api == .batchResults { lines = LineSplitter(lineBytesMax: Self.lineBytesMax) }
        answer = AnswerReader(api: api, streamed: streamed, parser: parser)
    }

    /// Takes the next bytes of the answer, without transfer or content encoding.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        bytesSeen += Int64(bytes.count)
        if isStreamed {
            Self.feed(bytes, to: &events, &answer)
        } else if lines != nil {
            feedLines(bytes)
        } else {
            collect(bytes)
        }
    }

    /// Takes the next bytes of the answer.
    package mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { feed($0) } }

    /// Whether a stream has sent its last event: nothing that matters for money can follow.
    package var sawLastEvent: Bool { isStreamed && answer.sawLastEvent }

    /// Returns what the answer said; call once, when it has ended in whatever way.
    package mutating func finish() -> UsageReading {
        // Of a body whose beginning is not kept nobody can tell.
        var isRead = isBodyCut
        if isStreamed {
            Self.finish(&events, &answer)
        } else if let rest = lines?.remainder {
            if !areLinesCut, !rest.isEmpty { rest.withUnsafeBytes { answer.take(line: $0) } }
        } else if !body.isEmpty {
            isRead = isBodyCut || body.withUnsafeBytes { answer.take(text: $0) }
            if isBodyCut || !isRead && isBinary, let usage = UsageSalvage.lastUsage(in: body, parser: parser)
            {
                answer.take(salvaged: usage)
            }
        }
        var reading = answer.finish()
        reading.answerBytes = bytesSeen
        reading.isTail = isBodyCut
        reading.isWhole = isRead || reading.sawTerminal
        return reading
    }

    /// Whether the body is no text: AWS frames the events of a stream in binary, with JSON inside.
    private var isBinary: Bool { body.first == 0 }

    private mutating func feedLines(_ bytes: UnsafeRawBufferPointer) {
        guard var splitter = lines, !areLinesCut else { return }
        lines = nil
        areLinesCut = !splitter.feed(bytes) { answer.take(line: $0) }
        if areLinesCut { answer.skipLines() }
        lines = splitter
    }

    private mutating func collect(_ bytes: UnsafeRawBufferPointer) {
        // Usage comes last in large bodies (embeddings): of a body above the cap the end is kept.
        if body.count + bytes.count > bodyBytesMax {
            isBodyCut = true
            body = Array(body.suffix(Self.tailBytes))
            body.append(contentsOf: bytes.suffix(bodyBytesMax - Self.tailBytes))
        } else {
            body.append(contentsOf: bytes)
        }
    }

    private static func feed(
        _ bytes: UnsafeRawBufferPointer, to events: inout SSEParser, _ answer: inout AnswerReader
    ) {
        events.feed(bytes) { answer.take($0) }
    }

    private static func finish(_ events: inout SSEParser, _ answer: inout AnswerReader) {
        events.finish { answer.take($0) }
    }
}
