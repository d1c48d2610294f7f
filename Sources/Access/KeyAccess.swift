package import HTTP
package import LedgerCore

/// Who may use a service, by what a request's header fields carry: the administrator's token, or a user's
/// key.
package struct KeyAccess: Sendable {
    private let keySecret: [UInt8]
    private let adminToken: String

    /// Creates the rules from the secret that users' keys are made with, and the administrator's token.
    package init(keySecret: [UInt8], adminToken: String) {
        self.keySecret = keySecret
        self.adminToken = adminToken
    }

    /// The user whose key this is; nil for every other text.
    package func user(of key: String) -> UserID? { ProxyKey.user(of: key, secret: keySecret) }

    /// Finds out who asks: by the administrator's token, `x-api-key` or a bearer key, in this order.
    ///
    /// The exchange is told the user's name.
    ///
    /// - Returns: nil when the request carries none of them.
    /// - Throws: ``WrongKey`` for a key that is nobody's.
    package func find(_ exchange: HTTPExchange) throws(WrongKey) -> Caller? {
        if AdminAccess.isGranted(exchange, token: adminToken) { return .admin }
        let headers = exchange.head.headers
        guard let key = headers["x-api-key"] ?? BearerToken.of(headers) else { return nil }
        guard let user = user(of: key) else { throw WrongKey() }
        exchange.user = user.text
        return .user(user)
    }

    /// Who asks; nil: nobody who may, and the exchange is answered with 401.
    package func require(_ exchange: HTTPExchange) -> Caller? {
        if let caller = try? find(exchange) { return caller }
        Problem(
            status: 401, type: "/problems/key", title: "A key is needed",
            detail: "Send LEDGER_ADMIN_TOKEN as a bearer token, or a sk-proxy- key for that user's own."
        ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
        return nil
    }

    /// Whether the administrator asks; else the exchange is answered with 401.
    package func requireAdmin(_ exchange: HTTPExchange) -> Bool {
        if AdminAccess.isGranted(exchange, token: adminToken) { return true }
        AdminAccess.refuse(exchange)
        return false
    }
}

/// A key that is nobody's.
package struct WrongKey: Error, Hashable, Sendable {}
