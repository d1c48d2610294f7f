/// Lists of strings and of objects.
extension LineScanner {
    /// Reads a list of strings.
    mutating func strings(_ key: StaticString) throws(CodecError) -> [String] {
        guard try takeKey(key) else { throw .missingKey(key.description, offset: offset) }
        return try strings()
    }

    private mutating func strings() throws(CodecError) -> [String] {
        try expect(UInt8(ascii: "["))
        var values: [String] = []
        if take("]") { return values }
        repeat { values.append(try string()) } while take(",")
        try expect(UInt8(ascii: "]"))
        return values
    }

    /// Reads a list of objects, each with `body`; empty where the field is absent.
    ///
    /// The writer leaves an empty list out, so an empty one is refused.
    mutating func objects<Value>(
        _ key: StaticString, _ body: (inout LineScanner) throws(CodecError) -> Value
    ) throws(CodecError) -> [Value] {
        guard try takeKey(key) else { return [] }
        try expect(UInt8(ascii: "["))
        var values: [Value] = []
        repeat {
            try expect(UInt8(ascii: "{"))
            needsComma = false
            values.append(try body(&self))
            try expect(UInt8(ascii: "}"))
        } while take(",")
        try expect(UInt8(ascii: "]"))
        needsComma = true
        return values
    }

    /// Reads a list of strings that is left out when it is empty.
    mutating func optionalStrings(_ key: StaticString) throws(CodecError) -> [String] {
        let start = offset
        guard try takeKey(key) else { return [] }
        let values = try strings()
        guard !values.isEmpty else { throw .badValue(key.description, offset: start) }
        return values
    }

    /// Reads a list of integers that may be absent.
    mutating func optionalIntegers(_ key: StaticString) throws(CodecError) -> [Int64]? {
        guard try takeKey(key) else { return nil }
        try expect(UInt8(ascii: "["))
        var values: [Int64] = []
        if take("]") { return values }
        repeat { values.append(try integer()) } while take(",")
        try expect(UInt8(ascii: "]"))
        return values
    }
}
