import Crypto
import HTTP

/// Whether a request carries the administrator's token.
enum AdminAccess {
    static func isGranted(_ exchange: HTTPExchange, token: String) -> Bool {
        guard let bearer = ProxyService.bearer(exchange.head.headers) else { return false }
        // Digests have one length, so the comparison tells nothing about the token's.
        return ConstantTime.equal(SHA256.hash(of: bearer).bytes, SHA256.hash(of: token).bytes)
    }

    static func refuse(_ exchange: HTTPExchange) {
        Problem(
            status: 401, type: "/problems/admin-token", title: "The administrator's token is needed",
            detail: "Send LEDGER_ADMIN_TOKEN as a bearer token."
        ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
    }
}
