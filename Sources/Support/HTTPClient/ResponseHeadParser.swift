import HTTP

/// Builds the final head from the header lines that libcurl hands over one by one.
///
/// Interim heads (1xx) are dropped, and so are trailers.
struct ResponseHeadParser {
    /// What a line led to.
    enum Outcome {
        case more
        case head(HTTPResponseHead)
        case refused(String)
    }

    private let fieldsMax: Int
    private let bytesMax: Int
    private var status = 0
    private var headers = HTTPHeaders()
    private var fields = 0
    private var bytes = 0
    private var interims = 0
    private var isDone = false

    /// Interim heads that are put up with in one answer.
    static let interimsMax = 16

    init(fieldsMax: Int, bytesMax: Int) {
        self.fieldsMax = fieldsMax
        self.bytesMax = bytesMax
    }

    /// Whether a byte of an answer has been seen.
    var hasBegun: Bool { bytes > 0 }

    /// Forgets everything, for the next answer.
    mutating func reset() { self = ResponseHeadParser(fieldsMax: fieldsMax, bytesMax: bytesMax) }

    /// Takes one line, line end included.
    mutating func feed(_ line: UnsafeRawBufferPointer) -> Outcome {
        bytes += line.count
        guard bytes <= bytesMax else { return .refused("response head longer than \(bytesMax) bytes") }
        if isDone { return .more }
        let text = Self.trimmed(line)
        if text.isEmpty, line.first == 13 || line.first == 10 { return endOfHead() }
        if status == 0 { return statusLine(text) }
        return field(text, of: line)
    }

    private mutating func statusLine(_ text: Slice<UnsafeRawBufferPointer>) -> Outcome {
        guard text.starts(with: "HTTP/".utf8), let space = text.firstIndex(of: UInt8(ascii: " ")) else {
            return .refused("response does not begin with an HTTP status line")
        }
        let digits = text[(space + 1)...].prefix(3)
        guard digits.count == 3, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            return .refused("response status is not a number")
        }
        status = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return status < 100 ? .refused("response status below 100") : .more
    }

    private mutating func field(
        _ text: Slice<UnsafeRawBufferPointer>, of line: UnsafeRawBufferPointer
    ) -> Outcome {
        fields += 1
        guard fields <= fieldsMax else {
            return .refused("response has more than \(fieldsMax) header fields")
        }
        guard let first = line.first, first != 32, first != 9 else {
            return .refused("response has a folded header field")
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else {
            return .refused("response has a header line without a name")
        }
        let value = Self.trimmed(UnsafeRawBufferPointer(rebasing: text[(colon + 1)...]))
        let isAdded = headers.add(
            UnsafeRawBufferPointer(rebasing: text[..<colon]), UnsafeRawBufferPointer(rebasing: value))
        return isAdded ? .more : .refused("response has a malformed header field")
    }

    private mutating func endOfHead() -> Outcome {
        if status == 0 { return .refused("response head is empty") }
        if status < 200, status != 101 {
            interims += 1
            guard interims <= Self.interimsMax else { return .refused("endless interim responses") }
            status = 0
            fields = 0
            headers = HTTPHeaders()
            return .more
        }
        isDone = true
        defer { headers = HTTPHeaders() }
        return .head(HTTPResponseHead(status: status, headers: headers))
    }

    /// `line` without white space and line ends around it.
    private static func trimmed(_ line: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var start = line.startIndex
        var end = line.endIndex
        while end > start, isSpace(line[end - 1]) { end -= 1 }
        while start < end, isSpace(line[start]) { start += 1 }
        return line[start..<end]
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }
}
