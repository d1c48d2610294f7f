/// Builds rows in COPY's binary format: a value arrives exactly as it was, and the server parses no text.
///
/// The format: a signature, then for each row its number of values and each value with its length in bytes
/// (−1: NULL), then −1; all integers most significant byte first (PostgreSQL's documentation of COPY).
package struct CopyWriter {
    /// The rows so far.
    package private(set) var bytes: [UInt8] = []
    private let columns: Int16

    /// Begins rows of so many columns.
    package init(columns: Int, reservingBytes capacity: Int = 0) {
        self.columns = Int16(columns)
        bytes.reserveCapacity(capacity)
        bytes.append(contentsOf: "PGCOPY\n".utf8)
        bytes.append(contentsOf: [0xFF, UInt8(ascii: "\r"), UInt8(ascii: "\n"), 0])
        // No flags, no extension.
        appendInteger(Int64(0))
    }

    /// Begins a row; its values follow, one for each column.
    package mutating func beginRow() { appendInteger(columns) }

    /// Ends the rows.
    package mutating func end() { appendInteger(Int16(-1)) }

    /// Forgets the rows, keeps the memory: what was taken was sent.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Adds a `text` value, or NULL.
    package mutating func append(_ text: String?) {
        guard var text else { return appendNull() }
        text.withUTF8 { appendValue($0) }
    }

    /// Adds a `text` value from its UTF-8 bytes, or a `bytea`.
    package mutating func append(_ value: ArraySlice<UInt8>) {
        value.withUnsafeBufferPointer { appendValue($0) }
    }

    /// Adds a `bigint`, or NULL.
    package mutating func append(_ number: Int64?) {
        guard let number else { return appendNull() }
        appendInteger(Int32(8))
        appendInteger(number)
    }

    /// Adds a `uuid`.
    package mutating func append(uuid: UInt128) {
        appendInteger(Int32(16))
        appendInteger(Int64(truncatingIfNeeded: uuid >> 64))
        appendInteger(Int64(truncatingIfNeeded: uuid))
    }

    /// Adds a `timestamptz` from its microseconds since 1970.
    package mutating func append(microsecondsSince1970 time: Int64) {
        // The server counts from the year 2000.
        append(time &- 946_684_800_000_000)
    }

    /// Adds a `jsonb`, or NULL.
    package mutating func append(json: [UInt8]?) {
        guard let json else { return appendNull() }
        appendInteger(Int32(clamping: json.count + 1))
        bytes.append(1)
        bytes.append(contentsOf: json)
    }

    /// Adds a `numeric` of `attos` · 10⁻¹⁸, shown with 18 decimals, as the server itself would write it.
    package mutating func append(numericAttos attos: Int128) {
        // Digits of base 10,000: five after the point hold 20 decimals, the last two of them zero.
        let (whole, fraction) = attos.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
        var digits: [Int16] = []
        var rest = whole
        while rest > 0 {
            digits.append(Int16(rest % 10_000))
            rest /= 10_000
        }
        digits.reverse()
        var weight = digits.count - 1
        var decimals = UInt128(fraction) * 100
        var divisor: UInt128 = 10_000_000_000_000_000
        for _ in 0..<5 {
            digits.append(Int16(decimals / divisor))
            decimals %= divisor
            divisor /= 10_000
        }
        // No zeros at either end: that is the one form of a number.
        while digits.last == 0 { digits.removeLast() }
        let leading = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leading)
        weight = digits.isEmpty ? 0 : weight - leading
        appendInteger(Int32(8 + 2 * digits.count))
        appendInteger(Int16(digits.count))
        appendInteger(Int16(weight))
        appendInteger(attos < 0 ? Int16(0x4000) : 0)
        appendInteger(Int16(18))
        for digit in digits { appendInteger(digit) }
    }

    /// Adds NULL.
    package mutating func appendNull() { appendInteger(Int32(-1)) }

    private mutating func appendValue(_ value: UnsafeBufferPointer<UInt8>) {
        appendInteger(Int32(clamping: value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
