package import HTTP
import LedgerCore

/// Who may use the gateway: a user by key or cookie, or the administrator by token.
package struct GatewayAccess: Sendable {
    /// The secret that users' keys are made with.
    package let keySecret: [UInt8]
    /// The administrator's token.
    package let adminToken: String

    /// Creates the access rules.
    package init(keySecret: [UInt8], adminToken: String) {
        self.keySecret = keySecret
        self.adminToken = adminToken
    }

    /// Who asks; nil: nobody who may, and the exchange is answered.
    package func caller(of exchange: HTTPExchange) -> Caller? {
        Caller.required(on: exchange, keySecret: keySecret, adminToken: adminToken)
    }
}

extension Caller {
    /// Whether what belongs to `user` may be shown.
    func maySee(_ user: UserID) -> Bool { self == .admin || self == .user(user) }
}
