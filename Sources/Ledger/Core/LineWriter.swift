/// Writes one JSON object, byte-stable: keys in the order of the calls, one form for each value.
package struct LineWriter: ~Copyable {
    /// The bytes so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// Starts an object behind `bytes`.
    package init(appendingTo bytes: consuming [UInt8]) {
        // Without `consume` a second reference lives on, and the first write copies all the bytes before it.
        self.bytes = consume bytes
        self.bytes.append(UInt8(ascii: "{"))
    }

    /// Writes a string, escaped: `"`, `\` and control characters only.
    package mutating func field(_ key: StaticString, _ value: String) {
        begin(key)
        string(value)
    }

    /// Writes a string, or nothing for nil.
    package mutating func field(_ key: StaticString, _ value: String?) {
        if let value { field(key, value) }
    }

    /// Writes an integer.
    package mutating func field(_ key: StaticString, _ value: Int64) {
        begin(key)
        DecimalText.append(Int128(value), decimals: 0, to: &bytes)
    }

    /// Writes an amount as a plain decimal number of dollars.
    package mutating func field(_ key: StaticString, _ value: Money) {
        begin(key)
        DecimalText.append(value.attos, decimals: 18, to: &bytes)
    }

    /// Writes a moment.
    package mutating func field(_ key: StaticString, _ value: Timestamp) {
        begin(key)
        bytes.append(UInt8(ascii: "\""))
        value.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes an identifier.
    package mutating func field(_ key: StaticString, _ value: UniqueID) {
        begin(key)
        bytes.append(UInt8(ascii: "\""))
        value.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes `true`, or nothing for false.
    package mutating func flag(_ key: StaticString, _ value: Bool) {
        guard value else { return }
        begin(key)
        append("true")
    }

    /// Writes `null`.
    package mutating func null(_ key: StaticString) {
        begin(key)
        append("null")
    }

    /// Writes a list of strings.
    package mutating func field(_ key: StaticString, _ values: [String]) {
        begin(key)
        bytes.append(UInt8(ascii: "["))
        for (offset, value) in values.enumerated() {
            if offset > 0 { bytes.append(UInt8(ascii: ",")) }
            string(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a list of integers.
    package mutating func field(_ key: StaticString, _ values: [Int64]) {
        begin(key)
        bytes.append(UInt8(ascii: "["))
        for (offset, value) in values.enumerated() {
            if offset > 0 { bytes.append(UInt8(ascii: ",")) }
            DecimalText.append(Int128(value), decimals: 0, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes an object whose fields `body` writes.
    package mutating func object(_ key: StaticString, _ body: (inout LineWriter) -> Void) {
        begin(key)
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes a list of objects, the fields of each by `body`.
    package mutating func objects<Value>(
        _ key: StaticString, _ values: [Value], _ body: (inout LineWriter, Value) -> Void
    ) {
        begin(key)
        bytes.append(UInt8(ascii: "["))
        for (offset, value) in values.enumerated() {
            if offset > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "{"))
            needsComma = false
            body(&self, value)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Ends the object and gives the bytes back.
    package consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Gives the bytes back without the object's end.
    package consuming func unfinished() -> [UInt8] { bytes }

    private mutating func begin(_ key: StaticString) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        append(key)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func string(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain = value.utf8.withContiguousStorageIfAvailable { text in
            guard !text.contains(where: Self.isEscaped) else { return false }
            bytes.append(contentsOf: text)
            return true
        }
        if isPlain != true { escaped(value) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escaped(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A:
                append("\\n")
            case 0..<0x20, 0x7F:
                append("\\u00")
                for nibble in [byte >> 4, byte & 0xF] {
                    bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
                }
            default: bytes.append(byte)
            }
        }
    }
}
