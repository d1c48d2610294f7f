import CHTTPParser
import Glibc

/// Header fields in the order they came, found by name in any case.
///
/// The fields lie in one byte buffer, as on the wire. A name or value that could break out of its line (CR,
/// LF, NUL) is refused at the door, so what is in here can always be sent.
package struct HTTPHeaders: Sendable {
    /// Where one field lies in `bytes`.
    struct Field: Sendable {
        var nameOffset: UInt32
        var nameLength: UInt32
        var valueOffset: UInt32
        var valueLength: UInt32
    }

    private(set) var bytes: [UInt8] = []
    private(set) var fields: [Field] = []

    /// No fields.
    package init() {}

    /// Fields as a parser found them in `bytes`.
    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// How many fields there are.
    package var count: Int { fields.count }

    /// Whether there are none.
    package var isEmpty: Bool { fields.isEmpty }

    /// The first value of the field with this name.
    package subscript(_ name: String) -> String? {
        guard let index = fields.firstIndex(where: { matches($0, name) }) else { return nil }
        return value(of: fields[index])
    }

    /// All values of the fields with this name, in order.
    package func all(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map(value(of:))
    }

    /// Appends a field; false, and nothing added, when name or value cannot stand in a header.
    @discardableResult
    package mutating func add(_ name: String, _ value: String) -> Bool {
        var name = name
        var value = value
        return name.withUTF8 { name in
            value.withUTF8 { value in add(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer(value)) }
        }
    }

    /// Appends a field from bytes; false, and nothing added, when name or value cannot stand in a header.
    @discardableResult
    package mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard http_name_valid(name.baseAddress?.assumingMemoryBound(to: CChar.self), name.count),
            http_value_valid(value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
        else { return false }
        let field = Field(
            nameOffset: UInt32(bytes.count), nameLength: UInt32(name.count),
            valueOffset: UInt32(bytes.count + name.count), valueLength: UInt32(value.count))
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: value)
        fields.append(field)
        return true
    }

    /// Replaces every field of this name by one; false, and nothing changed, when it cannot stand in one.
    @discardableResult
    package mutating func set(_ name: String, _ value: String) -> Bool {
        var added = self
        added.remove(name)
        guard added.add(name, value) else { return false }
        self = added
        return true
    }

    /// Removes every field of this name.
    package mutating func remove(_ name: String) {
        let kept = fields.filter { !matches($0, name) }
        if kept.count < fields.count { fields = kept }
    }

    /// Calls `body` with the raw bytes of each field, in order.
    package func forEachRaw(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        bytes.withUnsafeBytes { all in
            for field in fields {
                body(
                    UnsafeRawBufferPointer(rebasing: all[field.nameRange]),
                    UnsafeRawBufferPointer(rebasing: all[field.valueRange]))
            }
        }
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        guard Int(field.nameLength) == name.utf8.count else { return false }
        var name = name
        return name.withUTF8 { wanted in
            bytes.withUnsafeBytes { all in
                guard let left = all.baseAddress, let right = wanted.baseAddress else { return false }
                let start = (left + Int(field.nameOffset)).assumingMemoryBound(to: CChar.self)
                return strncasecmp(
                    start, UnsafeRawPointer(right).assumingMemoryBound(to: CChar.self), wanted.count)
                    == 0
            }
        }
    }

    private func name(of field: Field) -> String {
        String(decoding: bytes[field.nameRange], as: UTF8.self)
    }

    private func value(of field: Field) -> String {
        String(decoding: bytes[field.valueRange], as: UTF8.self)
    }
}

extension HTTPHeaders.Field {
    var nameRange: Range<Int> { Int(nameOffset)..<Int(nameOffset) + Int(nameLength) }
    var valueRange: Range<Int> { Int(valueOffset)..<Int(valueOffset) + Int(valueLength) }
}

extension HTTPHeaders: Sequence {
    /// Iterates over name and value, in order; bytes that are not UTF-8 are shown as U+FFFD.
    package func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var index = 0
        return AnyIterator {
            guard index < fields.count else { return nil }
            defer { index += 1 }
            return (name(of: fields[index]), value(of: fields[index]))
        }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// Fields in the order written; names may repeat.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}

extension HTTPHeaders: Equatable {
    /// Same names and values, byte for byte, in the same order.
    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy { one, other in
                left.bytes[one.nameRange].elementsEqual(right.bytes[other.nameRange])
                    && left.bytes[one.valueRange].elementsEqual(right.bytes[other.valueRange])
            }
    }
}
