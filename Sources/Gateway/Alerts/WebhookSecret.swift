import Access
import Crypto
import HTTP

/// What whoever sends alerts has to know: sent as it is, or as a signature of the body.
struct WebhookSecret: Sendable {
    private let secret: String

    init(_ secret: String) { self.secret = secret }

    /// Whether the request carries the secret, or a signature (HMAC-SHA-256 in hex) made with it.
    ///
    /// Signatures: `x-hub-signature-256: sha256=…`, and Grafana's own field, which signs the body with the
    /// time before it where a time is sent.
    func isGranted(_ exchange: HTTPExchange) -> Bool {
        let headers = exchange.head.headers
        if BearerToken.of(headers) != nil { return AdminAccess.isGranted(exchange, token: secret) }
        if let signature = headers["x-hub-signature-256"] {
            return signature.hasPrefix("sha256=") && isValid(signature.dropFirst(7), of: exchange.body)
        }
        guard let signature = headers["x-grafana-alerting-signature"] else { return false }
        guard let time = headers["x-grafana-alerting-signature-timestamp"] else {
            return isValid(signature[...], of: exchange.body)
        }
        return isValid(signature[...], of: Array("\(time):".utf8) + exchange.body)
    }

    private func isValid(_ signature: Substring, of message: [UInt8]) -> Bool {
        guard let code = Hex.decode(signature.lowercased()) else { return false }
        return HMACSHA256.isValid(code, of: message, key: Array(secret.utf8))
    }
}
