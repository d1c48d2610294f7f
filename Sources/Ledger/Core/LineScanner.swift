/// Reads one JSON object in the one form that ``LineWriter`` writes; anything else is an error, never a
/// guess.
///
/// Holds a pointer into the caller's bytes: use it only while they live.
struct LineScanner {
    private let bytes: UnsafeRawBufferPointer
    /// The offset of the next byte.
    private(set) var offset = 0
    var needsComma = false

    /// Starts at the object's opening brace.
    init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        self.bytes = bytes
        try expect(UInt8(ascii: "{"))
    }

    /// Reads a string field.
    mutating func string(_ key: StaticString) throws(CodecError) -> String {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try string()
    }

    /// Reads a string field that may be absent.
    mutating func optionalString(_ key: StaticString) throws(CodecError) -> String? {
        try takeKey(key) ? try string() : nil
    }

    /// Reads an integer field.
    mutating func integer(_ key: StaticString) throws(CodecError) -> Int64 {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try integer()
    }

    /// Reads an integer field that may be absent.
    mutating func optionalInteger(_ key: StaticString) throws(CodecError) -> Int64? {
        try takeKey(key) ? try integer() : nil
    }

    /// Reads an amount of dollars.
    mutating func money(_ key: StaticString) throws(CodecError) -> Money {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try money()
    }

    /// Reads an amount of dollars that may be absent.
    mutating func optionalMoney(_ key: StaticString) throws(CodecError) -> Money? {
        try takeKey(key) ? try money() : nil
    }

    /// Reads an amount of dollars that may be null; `.some(nil)` is not needed: null is nil.
    mutating func nullableMoney(_ key: StaticString) throws(CodecError) -> Money? {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return take("null") ? nil : try money()
    }

    /// Reads a moment.
    mutating func timestamp(_ key: StaticString) throws(CodecError) -> Timestamp {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try moment()
    }

    /// Reads a moment that may be absent.
    mutating func optionalTimestamp(_ key: StaticString) throws(CodecError) -> Timestamp? {
        try takeKey(key) ? try moment() : nil
    }

    /// Reads an identifier.
    mutating func identifier(_ key: StaticString) throws(CodecError) -> UniqueID {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try quoted { UniqueID($0) }
    }

    /// Reads an identifier that may be absent.
    mutating func optionalIdentifier(_ key: StaticString) throws(CodecError) -> UniqueID? {
        try takeKey(key) ? try quoted { UniqueID($0) } : nil
    }

    /// Reads `true`, or false where the field is absent.
    mutating func flag(_ key: StaticString) throws(CodecError) -> Bool {
        guard try takeKey(key) else { return false }
        guard take("true") else { throw .badValue(key.description, offset: offset) }
        return true
    }

    /// Reads an object's fields with `body`.
    mutating func object(
        _ key: StaticString, _ body: (inout LineScanner) throws(CodecError) -> Void
    ) throws(CodecError) {
        let start = offset
        try optionalObject(key, body)
        guard offset > start else { throw .missingKey(key.description, offset: offset) }
    }

    /// Reads an object's fields with `body`, or nothing where the field is absent.
    mutating func optionalObject(
        _ key: StaticString, _ body: (inout LineScanner) throws(CodecError) -> Void
    ) throws(CodecError) {
        guard try takeKey(key) else { return }
        try expect(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        try expect(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Reads the line's end: its chain, 64 hex digits, the closing brace and nothing behind it.
    mutating func end() throws(CodecError) {
        guard try takeKey("chain") else { throw .missingKey("chain", offset: offset) }
        let start = offset + 1
        try expect(UInt8(ascii: "\""))
        while offset < bytes.count, isLowerHex(bytes[offset]) { offset += 1 }
        guard offset - start == 64 else { throw .badValue("chain", offset: start) }
        try expect(UInt8(ascii: "\""))
        try endWithoutChain()
    }

    /// Reads the closing brace and nothing behind it.
    mutating func endWithoutChain() throws(CodecError) {
        try expect(UInt8(ascii: "}"))
        guard offset == bytes.count else { throw .trailingBytes(offset: offset) }
    }

    // MARK: Values

    private func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    mutating func string() throws(CodecError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = offset
        var seen: UInt8 = 0
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\") {
            guard bytes[offset] >= 0x20, bytes[offset] != 0x7F else {
                throw .badValue("string", offset: offset)
            }
            seen |= bytes[offset]
            offset += 1
        }
        guard offset < bytes.count else { throw .unexpectedEnd }
        guard bytes[offset] == UInt8(ascii: "\"") else { return try escapedString(from: start) }
        offset += 1
        // ASCII needs no further check.
        if seen < 0x80 {
            return String(
                decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<(offset - 1)]), as: UTF8.self)
        }
        return try text(bytes[start..<(offset - 1)])
    }

    private mutating func escapedString(from start: Int) throws(CodecError) -> String {
        var plain = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(plain)
            case UInt8(ascii: "\\"): plain.append(try escape())
            case 0..<0x20, 0x7F: throw .badValue("string", offset: offset - 1)
            default: plain.append(byte)
            }
        }
        throw .unexpectedEnd
    }

    /// Reads what follows a backslash, in the only forms that the writer uses.
    private mutating func escape() throws(CodecError) -> UInt8 {
        let start = offset
        if take("\"") { return UInt8(ascii: "\"") }
        if take("\\") { return UInt8(ascii: "\\") }
        if take("n") { return 0x0A }
        guard take("u00"), offset + 2 <= bytes.count, isLowerHex(bytes[offset]), isLowerHex(bytes[offset + 1])
        else { throw .badValue("escape", offset: start) }
        let value = hexDigit(bytes[offset]) << 4 | hexDigit(bytes[offset + 1])
        guard value < 0x20 && value != 0x0A || value == 0x7F else { throw .badValue("escape", offset: start) }
        offset += 2
        return value
    }

    private func hexDigit(_ byte: UInt8) -> UInt8 {
        byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : byte - UInt8(ascii: "a") + 10
    }

    private func text(_ bytes: some Sequence<UInt8>) throws(CodecError) -> String {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else {
            throw .notUTF8(offset: offset)
        }
        return text
    }

    mutating func integer() throws(CodecError) -> Int64 {
        let start = offset
        guard let value = DecimalText.canonical(number(), decimals: 0), let integer = Int64(exactly: value)
        else { throw .badValue("integer", offset: start) }
        return integer
    }

    private mutating func money() throws(CodecError) -> Money {
        let start = offset
        guard let attos = DecimalText.canonical(number(), decimals: 18)
        else { throw .badValue("amount", offset: start) }
        return Money(attos: attos)
    }

    private mutating func moment() throws(CodecError) -> Timestamp {
        // Always with six decimals: a shorter text of the same moment is not the writer's.
        try quoted { Timestamp(whole: $0) }
    }

    private mutating func number() -> UnsafeRawBufferPointer {
        let start = offset
        scan: while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): offset += 1
            default: break scan
            }
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    private mutating func quoted<Value>(
        _ read: (UnsafeRawBufferPointer) -> Value?
    ) throws(CodecError) -> Value {
        let start = offset
        try expect(UInt8(ascii: "\""))
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") { offset += 1 }
        guard let value = read(UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<offset])) else {
            throw .badValue("value", offset: start)
        }
        try expect(UInt8(ascii: "\""))
        return value
    }

    // MARK: Tokens

    /// Takes `,"key":` when it comes next.
    mutating func takeKey(_ key: StaticString) throws(CodecError) -> Bool {
        let length = key.utf8CodeUnitCount
        let comma = needsComma ? 1 : 0
        guard offset + comma + length + 3 <= bytes.count else { return false }
        var at = offset
        if needsComma {
            guard bytes[at] == UInt8(ascii: ",") else { return false }
            at += 1
        }
        guard bytes[at] == UInt8(ascii: "\""), bytes[at + 1 + length] == UInt8(ascii: "\""),
            bytes[at + 2 + length] == UInt8(ascii: ":")
        else { return false }
        for index in 0..<length where bytes[at + 1 + index] != key.utf8Start[index] { return false }
        offset = at + length + 3
        needsComma = true
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset + length <= bytes.count else { return false }
        for index in 0..<length where bytes[offset + index] != text.utf8Start[index] { return false }
        offset += length
        return true
    }

    mutating func expect(_ byte: UInt8) throws(CodecError) {
        guard offset < bytes.count else { throw .unexpectedEnd }
        guard bytes[offset] == byte else { throw .unexpectedByte(bytes[offset], offset: offset) }
        offset += 1
    }
}
