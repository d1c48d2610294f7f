package import JSON

/// Why a request is refused before it is sent on.
package enum RequestError: Error, Hashable, Sendable {
    /// The body is not JSON.
    case notJSON(JSONError)
    /// The body is JSON, but not an object.
    case notAnObject
    /// A key is there twice, so that provider and ledger could read two different requests.
    case duplicateKey(String)
    /// A field that the call needs is not there.
    case missing(String)
    /// A field has another type than the API says.
    case wrongType(field: String, expected: String)
    /// A number is below what makes sense.
    case outOfRange(String)

    /// What the caller reads.
    package var message: String {
        switch self {
        case .notJSON(let error): "request body is \(error.message)"
        case .notAnObject: "request body must be a JSON object"
        case .duplicateKey(let key): "\(key): the key is given more than once"
        case .missing(let field): "\(field): field required"
        case .wrongType(let field, let expected): "\(field): must be \(expected)"
        case .outOfRange(let field): "\(field): out of range"
        }
    }
}
