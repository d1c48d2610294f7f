import Access
package import HTTP
package import LedgerCore

/// Who may use the gateway: a user by key or cookie, or the administrator by token.
package struct GatewayAccess: Sendable {
    private let keySecret: [UInt8]
    private let adminToken: String

    /// Creates the access rules from the secret that users' keys are made with, and the administrator's
    /// token.
    package init(keySecret: [UInt8], adminToken: String) {
        self.keySecret = keySecret
        self.adminToken = adminToken
    }

    /// Who asks; nil: nobody who may, and the exchange is answered.
    package func caller(of exchange: HTTPExchange) -> Caller? {
        do throws(CallerRefused) { return try identify(exchange) } catch {
            error.respond(on: exchange)
            return nil
        }
    }

    /// Finds out who asks: by the administrator's token, `x-api-key`, a bearer key or the cookie, in this
    /// order.
    ///
    /// What is wrong in a header is refused and never made up for by the cookie. The exchange is told the
    /// user's name.
    ///
    /// - Throws: a ``CallerRefused`` that can be answered as it is.
    package func identify(_ exchange: HTTPExchange) throws(CallerRefused) -> Caller {
        let headers = exchange.head.headers
        if AdminAccess.isGranted(exchange, token: adminToken) { return .admin }
        if let key = headers["x-api-key"] ?? BearerToken.of(headers) { return try caller(key, exchange) }
        // Some other scheme: whoever sends it does not mean the cookie.
        guard headers["authorization"] == nil, let key = Cookies.value(Caller.cookieName, in: headers) else {
            throw .unknown
        }
        guard SameOrigin.holds(for: exchange.head) else { throw .foreignOrigin }
        return try caller(key, exchange)
    }

    /// The user whose key this is; nil for every other text.
    package func user(of key: String) -> UserID? { ProxyKey.user(of: key, secret: keySecret) }

    private func caller(_ key: String, _ exchange: HTTPExchange) throws(CallerRefused) -> Caller {
        guard let user = user(of: key) else { throw .unknown }
        exchange.user = user.text
        return .user(user)
    }
}
