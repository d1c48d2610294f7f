/// Whose limits one call counts in.
package struct Payers: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// The groups that the user is in, sorted.
    package let groups: [GroupName]
    /// The model that was asked for; empty: none.
    package let model: String

    /// Creates them.
    package init(user: UserID, groups: [GroupName], model: String) {
        self.user = user
        self.groups = groups
        self.model = model
    }

    /// Gives each subject but the user to `body`, in the order in which they are judged.
    func eachShared(_ body: (QuotaSubject) -> Void) {
        for group in groups { body(.group(group)) }
        if !model.isEmpty { body(.model(model)) }
        body(.global)
    }
}

extension LedgerState {
    /// Whose limits a call of `user` to `model` counts in now.
    package func payers(_ user: UserID, model: String) -> Payers {
        Payers(user: user, groups: groups.isEmpty ? [] : groups[user] ?? [], model: model)
    }
}
