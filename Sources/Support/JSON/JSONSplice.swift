/// Changes one member of a JSON text and leaves every other byte as it was.
package enum JSONSplice {
    /// Sets the member at `path` to `json` in the text of `document`.
    ///
    /// A member that exists (the first, where a key is repeated) keeps its place; one that does not becomes
    /// the last of its object. A `null` on the way is replaced by an object.
    ///
    /// - Parameters:
    ///   - path: the keys from the root, at least one.
    ///   - json: the new value, JSON already.
    ///   - document: the parsed text.
    /// - Returns: the new text.
    /// - Throws: ``JSONError/notAnObject`` when something on the way is neither an object nor `null`.
    package static func setting(
        _ path: [String], to json: String, in document: JSONDocument
    ) throws(JSONError) -> [UInt8] {
        var value = document.root
        var keys = path[...]
        while value.kind == .object, let key = keys.first, let next = value[key] {
            value = next
            keys = keys.dropFirst()
        }
        let source = document.source
        guard let key = keys.first else { return replacing(value.sourceRange, in: source, with: json) }
        let rest = nested(keys.dropFirst(), json)
        let isRoot = keys.count == path.count
        switch value.kind {
        case .object:
            let range = value.sourceRange
            let isEmpty = value.object.first { _ in true } == nil
            let member = (isEmpty ? "" : ",") + quoted(key) + ":" + rest
            return replacing((range.upperBound - 1)..<(range.upperBound - 1), in: source, with: member)
        case .null where !isRoot:
            return replacing(value.sourceRange, in: source, with: "{" + quoted(key) + ":" + rest + "}")
        default:
            throw .notAnObject
        }
    }

    private static func nested(_ keys: ArraySlice<String>, _ json: String) -> String {
        keys.reversed().reduce(json) { "{" + quoted($1) + ":" + $0 + "}" }
    }

    private static func quoted(_ key: String) -> String {
        var text = JSONText()
        text.string(key)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private static func replacing(_ range: Range<Int>, in source: [UInt8], with text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source.count + text.utf8.count)
        result.append(contentsOf: source[..<range.lowerBound])
        result.append(contentsOf: text.utf8)
        result.append(contentsOf: source[range.upperBound...])
        return result
    }
}
