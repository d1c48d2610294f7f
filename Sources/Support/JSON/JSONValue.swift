internal import CJSON

/// One value in a parsed document.
///
/// Values keep their document alive. Where an object has a key twice, reading by key gives the first.
package struct JSONValue {
    /// What a value is.
    package enum Kind: Hashable, Sendable { case null, bool, number, string, array, object }

    let document: JSONDocument
    let place: Int

    /// What this is.
    package var kind: Kind {
        switch cjson_kind_at(document.handle, place) {
        case CJSON_FALSE, CJSON_TRUE: .bool
        case CJSON_INT64, CJSON_NUMBER: .number
        case CJSON_STRING: .string
        case CJSON_ARRAY: .array
        case CJSON_OBJECT: .object
        default: .null
        }
    }

    /// Whether this is `null`.
    package var isNull: Bool { kind == .null }

    /// The bool, if this is one.
    package var bool: Bool? {
        switch cjson_kind_at(document.handle, place) {
        case CJSON_TRUE: true
        case CJSON_FALSE: false
        default: nil
        }
    }

    /// The integer, if this is a number written without fraction or exponent that fits.
    package var int64: Int64? {
        guard cjson_kind_at(document.handle, place) == CJSON_INT64 else { return nil }
        return cjson_int64_at(document.handle, place)
    }

    /// The number as it was written, if this is one; exact, unlike any binary fraction.
    ///
    /// - Complexity: linear in the text before it.
    package var rawNumber: String? {
        guard kind == .number else { return nil }
        return String(decoding: sourceBytes, as: UTF8.self)
    }

    /// The string, if this is one.
    package var string: String? {
        guard let bytes = stringBytes else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns whether this is the string `text`; copies nothing.
    package func isString(_ text: StaticString) -> Bool {
        guard let bytes = stringBytes else { return false }
        return bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// How many bytes the string has once its escapes are read, if this is one; copies nothing.
    package var stringByteCount: Int? { stringBytes?.count }

    /// Returns whether this is a string that begins with `text`; copies nothing.
    package func beginsWith(_ text: StaticString) -> Bool {
        guard let bytes = stringBytes else { return false }
        return bytes.starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The value of the first member called `key`, if this is an object that has one.
    package subscript(key: String) -> JSONValue? {
        var key = key
        let found = key.withUTF8 { cjson_member(document.handle, place, $0.baseAddress, $0.count) }
        return found == 0 ? nil : JSONValue(document: document, place: found)
    }

    /// The value of the first member called `key`, if this is an object that has one; allocates nothing.
    package subscript(key: StaticString) -> JSONValue? {
        let found = cjson_member(document.handle, place, key.utf8Start, key.utf8CodeUnitCount)
        return found == 0 ? nil : JSONValue(document: document, place: found)
    }

    /// The elements, in order; none unless this is an array.
    package var array: JSONElements { JSONElements(of: self, kind: CJSON_ARRAY) }

    /// The members, in order, repeated keys included; none unless this is an object.
    package var object: JSONMembers { JSONMembers(elements: JSONElements(of: self, kind: CJSON_OBJECT)) }

    /// The first key that the object has twice; nil: none, or no object.
    ///
    /// Two readers could take two different values of it.
    package var repeatedKey: String? {
        var seen: Set<String> = []
        for (key, _) in object where !seen.insert(key).inserted { return key }
        return nil
    }

    /// Where the value is in the text that was parsed.
    ///
    /// - Complexity: linear in the text before it.
    package var sourceRange: Range<Int> {
        var start = 0
        var end = 0
        cjson_source_range(document.handle, place, &start, &end)
        return start..<max(start, end)
    }

    /// The text of the value as it was written.
    package var source: [UInt8] { Array(sourceBytes) }

    private var sourceBytes: UnsafeBufferPointer<UInt8> {
        var count = 0
        let whole = UnsafeBufferPointer(start: cjson_source(document.handle, &count), count: count)
        return UnsafeBufferPointer(rebasing: whole[sourceRange])
    }

    private var stringBytes: UnsafeBufferPointer<UInt8>? {
        guard cjson_kind_at(document.handle, place) == CJSON_STRING else { return nil }
        var count = 0
        let start = cjson_string_at(document.handle, place, &count)
        return UnsafeBufferPointer(start: start, count: count)
    }
}

/// The elements of an array.
package struct JSONElements: Sequence, IteratorProtocol {
    private let document: JSONDocument
    private var place: Int
    private let end: Int

    init(of value: JSONValue, kind: cjson_kind) {
        document = value.document
        place = value.place + 1
        let isOfKind = cjson_kind_at(document.handle, value.place) == kind
        end = isOfKind ? cjson_end(document.handle, value.place) : place
    }

    /// Returns the next element.
    package mutating func next() -> JSONValue? {
        guard place < end else { return nil }
        defer { place = cjson_after(document.handle, place) }
        return JSONValue(document: document, place: place)
    }
}

/// The members of an object.
package struct JSONMembers: Sequence, IteratorProtocol {
    fileprivate var elements: JSONElements

    /// Returns the next key and its value.
    package mutating func next() -> (key: String, value: JSONValue)? {
        guard let key = elements.next()?.string, let value = elements.next() else { return nil }
        return (key, value)
    }
}
