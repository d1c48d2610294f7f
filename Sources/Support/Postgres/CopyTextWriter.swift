/// Builds rows in COPY's text format: tab between values, newline after a row, `\N` for NULL.
///
/// It escapes every byte that the format gives a meaning, so that a value arrives exactly as it was.
package struct CopyTextWriter {
    /// The rows so far.
    package private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// Creates an empty writer.
    package init(reservingBytes capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Ends the row.
    package mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isFirst = true
    }

    /// Forgets the rows, keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        isFirst = true
    }

    /// Adds a text value, or NULL.
    package mutating func append(_ text: String?) {
        guard var text else { return appendNull() }
        startValue()
        text.withUTF8 { appendEscaped($0) }
    }

    /// Adds a text value from its UTF-8 bytes.
    package mutating func append(_ text: ArraySlice<UInt8>) {
        startValue()
        text.withUnsafeBufferPointer { appendEscaped($0) }
    }

    /// Adds a whole number.
    package mutating func append(_ number: Int64) {
        startValue()
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Adds a value that `write` appends as it is: digits, points, colons, hyphens and letters only.
    package mutating func appendPlain(_ write: (inout [UInt8]) -> Void) {
        startValue()
        write(&bytes)
    }

    /// Adds a `bytea`.
    package mutating func appendBytea(_ value: some Sequence<UInt8>) {
        startValue()
        bytes.append(contentsOf: "\\\\x".utf8)
        Bytea.appendHex(value, to: &bytes)
    }

    /// Adds NULL.
    package mutating func appendNull() {
        startValue()
        bytes.append(contentsOf: "\\N".utf8)
    }

    private mutating func startValue() {
        if !isFirst { bytes.append(UInt8(ascii: "\t")) }
        isFirst = false
    }

    /// Copies whole runs between the rare bytes that need a backslash.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for index in text.indices {
            guard let letter = Self.escape(text[index]) else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(letter)
            start = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }

    @inline(__always)
    private static func escape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\\"): UInt8(ascii: "\\")
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        default: nil
        }
    }
}
