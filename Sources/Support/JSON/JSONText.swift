internal import CJSON

/// Writes JSON text, member by member, with commas and escapes in their places.
package struct JSONText {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Creates an empty text.
    package init(reserving capacityBytes: Int = 256) { bytes.reserveCapacity(capacityBytes) }

    /// Returns the text of an object whose members `body` writes.
    package static func object(_ body: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.object(body)
        return text.bytes
    }

    /// Writes an object whose members `body` writes.
    package mutating func object(_ body: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes an array whose elements `body` writes.
    package mutating func array(_ body: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a member's key; its value comes next.
    package mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { escape(UnsafeRawBufferPointer($0)) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes an integer.
    package mutating func int(_ value: some FixedWidthInteger) { raw(String(value)) }

    /// Writes `true` or `false`.
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    /// Writes `null`.
    package mutating func null() { raw("null") }

    /// Writes `text`, which is JSON already: a decimal number, say.
    package mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes `text`, which is JSON already.
    package mutating func raw(_ text: [UInt8]) {
        separate()
        bytes.append(contentsOf: text)
    }

    /// Writes a member with a string, or with `null`.
    package mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        if let value { string(value) } else { null() }
    }

    /// Writes a member with an integer.
    package mutating func member(_ key: String, _ value: some FixedWidthInteger) {
        self.key(key)
        int(value)
    }

    /// Writes a member with a bool.
    package mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        bool(value)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func escape(_ text: UnsafeRawBufferPointer) {
        var rest = text
        while let start = rest.baseAddress, !rest.isEmpty {
            let plain = cjson_plain_prefix(start.assumingMemoryBound(to: UInt8.self), rest.count)
            bytes.append(contentsOf: rest[..<plain])
            guard plain < rest.count else { return }
            escape(rest[plain])
            rest = UnsafeRawBufferPointer(rebasing: rest[(plain + 1)...])
        }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
        case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: #"\u00"#.utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}
