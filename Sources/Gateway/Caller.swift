import Access
package import HTTP
package import LedgerCore

/// Who asks the Gateway for something.
package enum Caller: Hashable, Sendable {
    /// A user, by their key.
    case user(UserID)
    /// The administrator, by the token.
    case admin

    /// The cookie that the shell's sign-in sets; its value is a user's key.
    package static let cookieName = "dledger_key"

    /// The user; nil for the administrator.
    package var user: UserID? {
        if case .user(let user) = self { user } else { nil }
    }

    /// Finds out who asks, by `authorization: Bearer`, `x-api-key` or the cookie, in this order.
    ///
    /// What is wrong in a header is refused and never made up for by the cookie. The exchange is told the
    /// user's name.
    ///
    /// - Throws: a ``CallerRefused`` that can be answered as it is.
    package static func of(
        _ exchange: HTTPExchange, keySecret: [UInt8], adminToken: String
    ) throws(CallerRefused) -> Caller {
        let headers = exchange.head.headers
        if AdminAccess.isGranted(exchange, token: adminToken) { return .admin }
        if let key = headers["x-api-key"] ?? BearerToken.of(headers) {
            return try user(of: key, keySecret, exchange)
        }
        // Some other scheme: whoever sends it does not mean the cookie.
        guard headers["authorization"] == nil, let key = Cookies.value(cookieName, in: headers) else {
            throw .unknown
        }
        guard SameOrigin.holds(for: exchange.head) else { throw .foreignOrigin }
        return try user(of: key, keySecret, exchange)
    }

    /// Finds out who asks, or answers the refusal and gives nil.
    package static func required(
        on exchange: HTTPExchange, keySecret: [UInt8], adminToken: String
    ) -> Caller? {
        do throws(CallerRefused) {
            return try of(exchange, keySecret: keySecret, adminToken: adminToken)
        } catch {
            error.respond(on: exchange)
            return nil
        }
    }

    private static func user(
        of key: String, _ secret: [UInt8], _ exchange: HTTPExchange
    ) throws(CallerRefused) -> Caller {
        guard let user = ProxyKey.user(of: key, secret: secret) else { throw .unknown }
        exchange.user = user.text
        return .user(user)
    }
}

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
