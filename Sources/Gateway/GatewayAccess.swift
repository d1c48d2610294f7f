package import Access
package import HTTP
package import LedgerCore

/// Who may use the gateway: as everywhere, and a user by the cookie that the shell's sign-in sets.
package struct GatewayAccess: Sendable {
    /// The cookie; its value is a user's key.
    package static let cookieName = "dledger_key"

    private let keys: KeyAccess

    /// Creates the access rules from those for keys and the token.
    package init(_ keys: KeyAccess) { self.keys = keys }

    /// Who asks; nil: nobody who may, and the exchange is answered.
    package func caller(of exchange: HTTPExchange) -> Caller? {
        do throws(CallerRefused) { return try identify(exchange) } catch {
            error.respond(on: exchange)
            return nil
        }
    }

    /// Finds out who asks: by token or key, else by the cookie.
    ///
    /// What is wrong in a header is refused and never made up for by the cookie. The exchange is told the
    /// user's name.
    ///
    /// - Throws: a ``CallerRefused`` that can be answered as it is.
    package func identify(_ exchange: HTTPExchange) throws(CallerRefused) -> Caller {
        let found: Caller?
        do throws(WrongKey) { found = try keys.find(exchange) } catch { throw .unknown }
        if let found { return found }
        let headers = exchange.head.headers
        // Some other scheme: whoever sends it does not mean the cookie.
        guard headers["authorization"] == nil, let key = Cookies.value(Self.cookieName, in: headers) else {
            throw .unknown
        }
        guard SameOrigin.holds(for: exchange.head) else { throw .foreignOrigin }
        guard let user = user(of: key) else { throw .unknown }
        exchange.user = user.text
        return .user(user)
    }

    /// The user whose key this is; nil for every other text.
    package func user(of key: String) -> UserID? { keys.user(of: key) }
}
