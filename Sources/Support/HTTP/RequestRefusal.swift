/// Why the server itself turned a request or connection away; the handler never saw it.
package enum RequestRefusal: String, CaseIterable, Sendable {
    case malformed, version, method, expectation
    case targetTooLong = "target_too_long"
    case headTooLarge = "head_too_large"
    case bodyTooLarge = "body_too_large"
    case headTimeout = "head_timeout"
    case bodyTimeout = "body_timeout"
    case bodiesInFlight = "bodies_in_flight"
    case connections
    case connectionsPerAddress = "connections_per_address"

    /// The status that the client gets.
    package var status: Int {
        switch self {
        case .malformed: 400
        case .headTimeout, .bodyTimeout: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .expectation: 417
        case .headTooLarge: 431
        case .method: 501
        case .bodiesInFlight, .connections, .connectionsPerAddress: 503
        case .version: 505
        }
    }

    /// What the client reads.
    var problem: Problem {
        let (title, detail) = words
        return Problem(status: status, type: "/problems/\(slug)", title: title, detail: detail)
    }

    private var slug: String { String(rawValue.map { $0 == "_" ? "-" : $0 }) }

    private var words: (title: String, detail: String) {
        switch self {
        case .malformed: ("Malformed request", "The request is not well-formed HTTP/1.1.")
        case .version: ("Version not supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        case .method: ("Method not implemented", "This server does not know the method.")
        case .expectation: ("Expectation failed", "Only 100-continue can be expected.")
        case .targetTooLong: ("Target too long", "The request target is longer than this server takes.")
        case .headTooLarge:
            ("Header fields too large", "The header fields are more than this server takes.")
        case .bodyTooLarge: ("Body too large", "The request body is longer than this server takes.")
        case .headTimeout: ("Request timeout", "The request's head did not arrive in time.")
        case .bodyTimeout: ("Request timeout", "The request's body did not arrive in time.")
        case .bodiesInFlight: ("Overloaded", "Too many request bodies are in flight; try again.")
        case .connections: ("Overloaded", "Too many connections are open; try again.")
        case .connectionsPerAddress: ("Overloaded", "Too many connections from one address; try again.")
        }
    }
}
