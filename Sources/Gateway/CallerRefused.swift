package import HTTP

/// Why nobody is let in.
package enum CallerRefused: Error, Hashable, Sendable {
    /// There is no key, or a wrong one.
    case unknown
    /// The cookie came with a request that another site made, or may have.
    case foreignOrigin

    /// Answers 401 or 403.
    package func respond(on exchange: HTTPExchange) {
        switch self {
        case .unknown:
            Problem(
                status: 401, type: "/problems/key", title: "A key is needed",
                detail: "Send a sk-proxy- key as a bearer token or in x-api-key, or sign in."
            ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
        case .foreignOrigin:
            Problem(
                status: 403, type: "/problems/origin", title: "Asked from another site",
                detail: "The sign-in cookie counts only for this site's own pages; use a key instead."
            ).response(on: exchange)
        }
    }
}
