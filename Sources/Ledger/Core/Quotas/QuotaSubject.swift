/// Whom limits bind: a call is judged by all that it falls under.
package enum QuotaSubject: Hashable, Sendable {
    /// One user.
    case user(UserID)
    /// All members of a group together.
    case group(GroupName)
    /// All calls to a model together, by the name that was asked for.
    case model(String)
    /// All calls together.
    case global
    /// A pattern, not a subject of its own: what a user without limits gets at the first call.
    case unknownUsers

    /// `user:alice`, `group:red`, `model:gpt-5`, `global` or `default`.
    package var text: String {
        switch self {
        case .user(let user): "user:\(user.text)"
        case .group(let group): "group:\(group.text)"
        case .model(let model): "model:\(model)"
        case .global: "global"
        case .unknownUsers: "default"
        }
    }

    /// Reads the form of ``text``; a name without a kind is a user's.
    ///
    /// - Returns: nil for a name that is none.
    package init?(_ text: String) {
        if let name = text.dropping("user:") {
            guard let user = UserID(name) else { return nil }
            self = .user(user)
        } else if let name = text.dropping("group:") {
            guard let group = GroupName(name) else { return nil }
            self = .group(group)
        } else if let name = text.dropping("model:") {
            guard Self.isModel(name) else { return nil }
            self = .model(name)
        } else if text == "global" {
            self = .global
        } else if text == "default" {
            self = .unknownUsers
        } else {
            guard let user = UserID(text) else { return nil }
            self = .user(user)
        }
    }

    /// The user, when it is one.
    package var user: UserID? {
        guard case .user(let user) = self else { return nil }
        return user
    }

    private static func isModel(_ name: String) -> Bool {
        (1...256).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// The name of a group of users: in the form of a user's.
package struct GroupName: Hashable, Sendable {
    /// The name.
    package let text: String

    /// Checks `text`; nil when it is not a name.
    package init?(_ text: String) {
        guard UserID(text) != nil else { return nil }
        self.text = text
    }
}

extension String {
    /// What follows `prefix`; nil when it does not begin with that.
    fileprivate func dropping(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
