import Access
package import HTTP
package import LedgerCore

/// Who may use the Platform: the administrator by token, or a user by key where it is about themselves.
package struct PlatformAccess: Sendable {
    private let keySecret: [UInt8]
    private let adminToken: String

    /// Who asks.
    package enum Asking: Hashable, Sendable {
        /// The administrator.
        case admin
        /// A user, by their key.
        case user(UserID)
    }

    /// Creates the access rules.
    package init(keySecret: [UInt8], adminToken: String) {
        self.keySecret = keySecret
        self.adminToken = adminToken
    }

    /// Whether the administrator asks; else the exchange is answered.
    package func isAdmin(_ exchange: HTTPExchange) -> Bool {
        if AdminAccess.isGranted(exchange, token: adminToken) { return true }
        AdminAccess.refuse(exchange)
        return false
    }

    /// Who asks; nil: nobody who may, and the exchange is answered.
    package func asking(_ exchange: HTTPExchange) -> Asking? {
        if AdminAccess.isGranted(exchange, token: adminToken) { return .admin }
        let headers = exchange.head.headers
        if let key = headers["x-api-key"] ?? BearerToken.of(headers),
            let user = ProxyKey.user(of: key, secret: keySecret)
        {
            exchange.user = user.text
            return .user(user)
        }
        Problem(
            status: 401, type: "/problems/key", title: "A key is needed",
            detail: "Send LEDGER_ADMIN_TOKEN as a bearer token, or a sk-proxy- key for that user's own."
        ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
        return nil
    }
}
