import JSON

/// One block of a server-sent event stream: what stands between two blank lines.
package struct SSEEvent {
    /// The `event` field; empty when there is none.
    package let name: UnsafeRawBufferPointer
    /// The `data` lines, joined by line feeds.
    package let data: UnsafeRawBufferPointer
    /// Whether there is a `data` line; a block without one is no event (comments, say).
    package let hasData: Bool
    /// Whether the data was above the cap: then ``data`` is empty.
    package let isOversized: Bool
    /// Where the block ends in the bytes just fed, its blank line included.
    package let endOffset: Int
}

/// Cuts a server-sent event stream into events, however its bytes are split.
///
/// Lines may end in LF, CR or CRLF; a byte order mark is skipped. An event with one `data` line that lies
/// within the bytes fed is given as a slice of them; anything else is gathered in a buffer of bounded size.
package struct SSEParser {
    private static let nameBytesMax = 256
    /// What stands before a value: a byte order mark, the longest field name that is read, a colon and a
    /// space.
    private static let prefixBytesMax = 3 + 5 + 2

    private let eventBytesMax: Int
    private var carry: [UInt8] = []
    /// Whether ``carry`` is only the beginning of its line, of which no more can matter.
    private var isCarryCut = false
    private var name: [UInt8] = []
    private var gathered: [UInt8] = []
    private var hasData = false
    private var isOversized = false
    private var isFirstLine = true
    /// Whether the last byte fed was the CR of a line, so that an LF which comes next belongs to it.
    package private(set) var isAfterCR = false

    /// Creates a parser that skips events with more than `eventBytesMax` bytes of data.
    package init(eventBytesMax: Int = 16 << 20) { self.eventBytesMax = eventBytesMax }

    /// Takes the next bytes and gives each block that they complete, in order.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ onEvent: (SSEEvent) -> Void) {
        guard !bytes.isEmpty else { return }
        var position = 0
        if isAfterCR {
            isAfterCR = false
            if bytes[0] == UInt8(ascii: "\n") { position = 1 }
        }
        var slice: UnsafeRawBufferPointer?
        var lineFeed = -1
        while position < bytes.count {
            if lineFeed < position {
                lineFeed = ByteSearch.offset(of: UInt8(ascii: "\n"), in: bytes, from: position) ?? bytes.count
            }
            // The search for CR ends at the next LF, so that each byte is looked at twice and no more.
            let upToLineFeed = UnsafeRawBufferPointer(rebasing: bytes[..<lineFeed])
            let end = ByteSearch.offset(of: UInt8(ascii: "\r"), in: upToLineFeed, from: position) ?? lineFeed
            guard end < bytes.count else { break }
            var next = end + 1
            if bytes[end] == UInt8(ascii: "\r") {
                if next == bytes.count {
                    isAfterCR = true
                } else if bytes[next] == UInt8(ascii: "\n") {
                    next += 1
                }
            }
            let line = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            if carry.isEmpty {
                take(line: line, slice: &slice, end: next, onEvent)
            } else {
                takeCarried(adding: line, slice: &slice, end: next, onEvent)
            }
            position = next
        }
        if let slice { gather(slice) }
        keep(UnsafeRawBufferPointer(rebasing: bytes[position...]))
    }

    /// Gives the event that the stream ended in, as a stream may break off before its last blank line.
    package mutating func finish(_ onEvent: (SSEEvent) -> Void) {
        var slice: UnsafeRawBufferPointer?
        if !carry.isEmpty {
            takeCarried(adding: UnsafeRawBufferPointer(start: nil, count: 0), slice: &slice, end: 0, onEvent)
        }
        if hasData || isOversized { dispatch(slice, end: 0, onEvent) }
    }

    private mutating func keep(_ rest: UnsafeRawBufferPointer) {
        guard !rest.isEmpty, !isCarryCut else { return }
        // A longer line holds too much data, or a field whose beginning is enough.
        if carry.count + rest.count > max(eventBytesMax, Self.nameBytesMax) + Self.prefixBytesMax {
            isCarryCut = true
            let missing = Self.nameBytesMax + Self.prefixBytesMax - carry.count
            carry =
                Array(carry.prefix(Self.nameBytesMax + Self.prefixBytesMax)) + rest.prefix(max(missing, 0))
        } else {
            carry.append(contentsOf: rest)
        }
    }

    private mutating func takeCarried(
        adding rest: UnsafeRawBufferPointer, slice: inout UnsafeRawBufferPointer?, end: Int,
        _ onEvent: (SSEEvent) -> Void
    ) {
        keep(rest)
        let isCut = isCarryCut
        isCarryCut = false
        var line: [UInt8] = []
        swap(&line, &carry)
        line.withUnsafeBytes { bytes in
            var own: UnsafeRawBufferPointer?
            if let earlier = slice { gather(earlier) }
            slice = nil
            let isData = take(line: bytes, slice: &own, end: end, onEvent)
            if let own { gather(own) }
            if isData, isCut { dropOversized() }
        }
        line.removeAll(keepingCapacity: true)
        swap(&line, &carry)
    }

    /// Returns whether the line is one of data.
    @discardableResult
    private mutating func take(
        line whole: UnsafeRawBufferPointer, slice: inout UnsafeRawBufferPointer?, end: Int,
        _ onEvent: (SSEEvent) -> Void
    ) -> Bool {
        var line = whole
        if isFirstLine {
            isFirstLine = false
            if ByteSearch.starts(line, with: "\u{FEFF}") {
                line = UnsafeRawBufferPointer(rebasing: line[3...])
            }
        }
        guard !line.isEmpty else {
            dispatch(slice, end: end, onEvent)
            slice = nil
            return false
        }
        if let value = Self.value(of: "data", in: line) {
            if hasData || slice != nil {
                if let earlier = slice { gather(earlier) }
                gather(value, isContinued: true)
                slice = nil
            } else {
                slice = value
            }
            return true
        }
        if let value = Self.value(of: "event", in: line) {
            name.removeAll(keepingCapacity: true)
            name.append(contentsOf: value.prefix(Self.nameBytesMax))
        }
        return false
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer, isContinued: Bool = false) {
        hasData = true
        let count = gathered.count + (isContinued ? 1 : 0) + bytes.count
        guard !isOversized, count <= eventBytesMax else { return dropOversized() }
        if isContinued { gathered.append(UInt8(ascii: "\n")) }
        gathered.append(contentsOf: bytes)
    }

    private mutating func dropOversized() {
        isOversized = true
        gathered = []
    }

    private mutating func dispatch(
        _ slice: UnsafeRawBufferPointer?, end: Int, _ onEvent: (SSEEvent) -> Void
    ) {
        let isTooLarge = isOversized || (slice?.count ?? 0) > eventBytesMax
        name.withUnsafeBytes { name in
            gathered.withUnsafeBytes { gathered in
                let data = isTooLarge ? UnsafeRawBufferPointer(start: nil, count: 0) : slice ?? gathered
                onEvent(
                    SSEEvent(
                        name: name, data: data, hasData: hasData || slice != nil, isOversized: isTooLarge,
                        endOffset: end))
            }
        }
        name.removeAll(keepingCapacity: true)
        gathered.removeAll(keepingCapacity: gathered.capacity <= 1 << 16)
        hasData = false
        isOversized = false
    }

    /// Returns the value of `line` if its field is `field`, less one leading space.
    private static func value(
        of field: StaticString, in line: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let count = field.utf8CodeUnitCount
        guard ByteSearch.starts(line, with: field) else { return nil }
        guard line.count > count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard line[count] == UInt8(ascii: ":") else { return nil }
        let start = line.count > count + 1 && line[count + 1] == UInt8(ascii: " ") ? count + 2 : count + 1
        return UnsafeRawBufferPointer(rebasing: line[start...])
    }
}
