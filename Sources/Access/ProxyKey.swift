package import LedgerCore
import Crypto

/// A user's key: `sk-proxy-{user}.{base64url HMAC-SHA256 of "proxy:{user}"}`.
package enum ProxyKey {
    private static let prefix = "sk-proxy-"

    /// The key of `user`.
    package static func mint(for user: UserID, secret: [UInt8]) -> String {
        "\(prefix)\(user.text).\(Base64URL.encode(signature(of: user, secret)))"
    }

    /// The user whose key this is; nil for every other text.
    ///
    /// Takes as long for a wrong signature as for a right one.
    package static func user(of key: String, secret: [UInt8]) -> UserID? {
        guard key.hasPrefix(prefix), let dot = key.lastIndex(of: "."),
            let user = UserID(String(key[key.index(key.startIndex, offsetBy: prefix.count)..<dot])),
            let given = Base64URL.decode(String(key[key.index(after: dot)...]))
        else { return nil }
        return ConstantTime.equal(given, signature(of: user, secret)) ? user : nil
    }

    private static func signature(of user: UserID, _ secret: [UInt8]) -> [UInt8] {
        HMACSHA256.code(of: Array("proxy:\(user.text)".utf8), key: secret).bytes
    }
}
