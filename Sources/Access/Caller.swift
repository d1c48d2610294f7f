package import LedgerCore

/// Who asks a service for something.
package enum Caller: Hashable, Sendable {
    /// A user, by their key.
    case user(UserID)
    /// The administrator, by the token.
    case admin

    /// The user; nil for the administrator.
    package var user: UserID? {
        if case .user(let user) = self { user } else { nil }
    }

    /// Whether what belongs to `user` may be shown.
    package func maySee(_ user: UserID) -> Bool { self == .admin || self == .user(user) }
}
