import Crypto
package import HTTP

/// Whether a request carries the administrator's token.
package enum AdminAccess {
    /// Compares the bearer token with `token`; takes as long for a wrong one as for the right one.
    package static func isGranted(_ exchange: HTTPExchange, token: String) -> Bool {
        guard let bearer = BearerToken.of(exchange.head.headers) else { return false }
        // Digests have one length, so the comparison tells nothing about the token's.
        return ConstantTime.equal(SHA256.hash(of: bearer).bytes, SHA256.hash(of: token).bytes)
    }

    /// Answers 401.
    package static func refuse(_ exchange: HTTPExchange) {
        Problem(
            status: 401, type: "/problems/admin-token", title: "The administrator's token is needed",
            detail: "Send LEDGER_ADMIN_TOKEN as a bearer token."
        ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
    }
}

/// The token of an `authorization: Bearer …` header.
package enum BearerToken {
    /// The token; nil when the request has none.
    package static func of(_ headers: HTTPHeaders) -> String? {
        guard let value = headers["authorization"], value.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(value.dropFirst(7))
    }
}
