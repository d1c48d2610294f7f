/// Why some bytes are not the JSON that was asked for.
package enum JSONError: Error, Hashable, Sendable {
    /// There is nothing but white space.
    case empty
    /// There is a byte order mark in front, which JSON does not have.
    case byteOrderMark
    /// Not one JSON value: the parser's words.
    case malformed(String)
    /// A string or key is not UTF-8, or has half of a surrogate pair.
    case badText
    /// Arrays and objects are nested deeper than allowed.
    case tooDeep
    /// Too large for the parser or for the memory there is.
    case tooLarge
    /// The place to change is not an object.
    case notAnObject

    /// What a person reads.
    package var message: String {
        switch self {
        case .empty: "empty, expected JSON"
        case .byteOrderMark: "not valid JSON: a byte order mark comes first; save it as UTF-8 without one"
        case .malformed(let reason): "not valid JSON: \(reason)"
        case .badText: "not valid JSON: a string is not valid UTF-8 or UTF-16 escapes"
        case .tooDeep: "JSON is nested too deeply"
        case .tooLarge: "JSON is too large"
        case .notAnObject: "JSON value is not an object"
        }
    }
}
