import JSON

/// Reads what engines answer: nothing in it is trusted to be there, or to be small.
enum EngineJSON {
    private static let depthMax = 32

    /// The object that `body` is.
    static func object(_ body: [UInt8], of what: String) throws(EngineError) -> JSONValue {
        let root = try parse(body, of: what)
        guard root.kind == .object else { throw .malformed("\(what): not an object") }
        return root
    }

    /// The elements of the array that `body` is.
    static func array(_ body: [UInt8], of what: String) throws(EngineError) -> JSONElements {
        let root = try parse(body, of: what)
        guard root.kind == .array else { throw .malformed("\(what): not an array") }
        return root.array
    }

    /// A counter, those beyond the signed numbers too.
    ///
    /// Nil where there is none, or a number that is no counter.
    static func counter(_ value: JSONValue?) -> UInt64? {
        guard let value else { return nil }
        if let number = value.int64 { return UInt64(exactly: number) }
        return value.rawNumber.flatMap { UInt64($0) }
    }

    /// A number of bytes; more than can be written down is as much as can be.
    static func bytes(_ value: JSONValue?) -> Int64? { counter(value).map { Int64(clamping: $0) } }

    /// The members that are strings.
    static func strings(_ value: JSONValue?, countMax: Int = 256) -> [String: String] {
        guard let value else { return [:] }
        var strings: [String: String] = [:]
        for (key, member) in value.object.prefix(countMax) {
            if let text = member.string { strings[key] = text }
        }
        return strings
    }

    private static func parse(_ body: [UInt8], of what: String) throws(EngineError) -> JSONValue {
        do throws(JSONError) {
            return try JSONDocument.parse(body, depthMax: depthMax).root
        } catch {
            throw .malformed("\(what): not JSON")
        }
    }
}
