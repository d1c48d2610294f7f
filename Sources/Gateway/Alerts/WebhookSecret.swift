import Access
import Crypto
import HTTP
import LedgerCore

/// What whoever sends alerts has to know: sent as it is, or as a signature of the body.
struct WebhookSecret: Sendable {
    /// How far a signed time may be from now.
    private static let ageSecondsMax: Int64 = 300

    private let secret: String
    private let now: @Sendable () -> Timestamp

    init(_ secret: String, now: @escaping @Sendable () -> Timestamp) {
        self.secret = secret
        self.now = now
    }

    /// Whether the request carries the secret, or a signature (HMAC-SHA-256 in hex) made with it.
    ///
    /// Signatures: `x-hub-signature-256: sha256=…`, and Grafana's own field, which signs the body with the
    /// time before it where a time is sent; a message signed long ago is somebody's copy.
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
        return isRecent(time) && isValid(signature[...], of: Array("\(time):".utf8) + exchange.body)
    }

    private func isRecent(_ unixSeconds: String) -> Bool {
        guard let seconds = Int64(unixSeconds), (0..<1 << 40).contains(seconds) else { return false }
        return abs(seconds - now().microseconds / 1_000_000) <= Self.ageSecondsMax
    }

    private func isValid(_ signature: Substring, of message: [UInt8]) -> Bool {
        guard let code = Hex.decode(signature.lowercased()) else { return false }
        return HMACSHA256.isValid(code, of: message, key: Array(secret.utf8))
    }
}
