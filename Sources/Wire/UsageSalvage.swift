import JSON

/// Finds the usage in the end of a body whose beginning is not kept.
enum UsageSalvage {
    private static let textBytesMax = 4096

    /// Returns the value of the last `"usage"` key in `tail`, if it is a whole object.
    static func lastUsage(in tail: [UInt8], parser: JSONParser) -> JSONValue? {
        let text: ArraySlice<UInt8>? = tail.withUnsafeBytes { bytes in
            var last: Int?
            var from = 0
            while let found = ByteSearch.offset(of: "\"usage\"", in: bytes, from: from) {
                last = found
                from = found + 7
            }
            guard let last, let start = tail[last...].firstIndex(of: UInt8(ascii: "{")) else { return nil }
            return object(from: start, in: tail)
        }
        guard let text, let document = try? parser.parse(Array(text)) else { return nil }
        return document.root
    }

    private static func object(from start: Int, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var depth = 0
        // A usage has no strings with braces in them.
        for index in start..<min(bytes.count, start + textBytesMax) {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return bytes[start...index] }
        }
        return nil
    }
}
