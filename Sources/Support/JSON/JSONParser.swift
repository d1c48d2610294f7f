internal import CJSON

/// Parses JSON and keeps the memory of the last document for the next; one for each thread or loop.
package final class JSONParser {
    /// Nesting that is allowed unless said otherwise.
    package static let depthMax = 256
    private static let spareBytesMax = 1 << 20
    private var spare: OpaquePointer?

    /// Creates a parser that holds no memory yet.
    package init() {}

    deinit { if let spare { cjson_destroy(spare) } }

    /// Parses exactly one JSON value; `bytes` are copied, and need no padding.
    package func parse(
        _ bytes: UnsafeRawBufferPointer, depthMax: Int = depthMax
    ) throws(JSONError) -> JSONDocument {
        guard let handle = spare ?? cjson_create() else { throw .tooLarge }
        spare = nil
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let code = cjson_parse(handle, start, bytes.count, max(depthMax, 1))
        guard code == 0 else {
            take(back: handle)
            throw bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? .byteOrderMark : Self.error(code)
        }
        return JSONDocument(handle: handle, parser: self)
    }

    /// Parses exactly one JSON value.
    package func parse(_ bytes: [UInt8], depthMax: Int = depthMax) throws(JSONError) -> JSONDocument {
        let result: Result<JSONDocument, JSONError> = bytes.withUnsafeBytes { raw in
            do throws(JSONError) {
                return .success(try parse(raw, depthMax: depthMax))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Keeps the memory of a document that nobody reads any more, unless it is much or there is some already.
    func take(back handle: OpaquePointer) {
        guard spare == nil, cjson_capacity(handle) <= Self.spareBytesMax else { return cjson_destroy(handle) }
        spare = handle
    }

    private static func error(_ code: CInt) -> JSONError {
        // simdjson's error_code, by its stable numbers.
        switch code {
        case 1, 2: .tooLarge
        case 4: .tooDeep
        case 5, 10: .badText
        case 12: .empty
        default: .malformed(String(cString: cjson_error_text(code)))
        }
    }
}

/// One parsed JSON text; it lives as long as a value of it is held.
package final class JSONDocument {
    let handle: OpaquePointer
    private let parser: JSONParser

    init(handle: OpaquePointer, parser: JSONParser) {
        self.handle = handle
        self.parser = parser
    }

    deinit { parser.take(back: handle) }

    /// The value that the text is.
    package var root: JSONValue { JSONValue(document: self, place: 1) }

    /// Parses exactly one JSON value with a parser of its own, for texts that are read once.
    package static func parse(
        _ bytes: [UInt8], depthMax: Int = JSONParser.depthMax
    ) throws(JSONError) -> JSONDocument {
        try JSONParser().parse(bytes, depthMax: depthMax)
    }

    /// The text that was parsed.
    package var source: [UInt8] {
        var count = 0
        let start = cjson_source(handle, &count)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// Counts the strings, keys included, that are one of `words` once their escapes are resolved.
    ///
    /// - Parameter words: separated by one space, each at most 32 bytes.
    /// - Returns: how many there are.
    package func count(ofStrings words: StaticString) -> Int {
        cjson_count_strings(handle, words.utf8Start, words.utf8CodeUnitCount)
    }
}
