/// Whose limits one call counts in.
package struct Payers: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// The groups that the user is in, sorted.
    package let groups: [GroupName]
    /// The models with limits that the call counts in, each by the name that its limits were set for.
    package let models: [String]

    /// Creates them.
    package init(user: UserID, groups: [GroupName], models: [String]) {
        self.user = user
        self.groups = groups
        self.models = models
    }

    /// Gives each subject but the user to `body`, in the order in which they are judged.
    package func eachShared(_ body: (QuotaSubject) -> Void) {
        for group in groups { body(.group(group)) }
        for model in models { body(.model(model)) }
        body(.global)
    }
}

extension [UserID: [GroupName]] {
    /// Puts `user` into `group`; each user's groups stay sorted.
    mutating func join(_ user: UserID, _ group: GroupName) {
        var known = self[user] ?? []
        guard !known.contains(group) else { return }
        let place = known.firstIndex { SnapshotCodec.isBefore(group.text, $0.text) } ?? known.endIndex
        known.insert(group, at: place)
        self[user] = known
    }

    /// Takes `user` out of `group`.
    mutating func leave(_ user: UserID, _ group: GroupName) {
        self[user]?.removeAll { $0 == group }
        if self[user]?.isEmpty == true { self[user] = nil }
    }
}

extension LedgerState {
    /// Whose limits a call of `user` to `model` counts in now.
    package func payers(_ user: UserID, model: String) -> Payers {
        Payers(
            user: user, groups: groups.isEmpty ? [] : groups[user] ?? [], models: limitedModels(of: model))
    }

    /// The models with limits that a call counts in which asks for `name`.
    ///
    /// A name is also what it is without what platforms and versions put around it: nobody evades a limit by
    /// the spelling.
    ///
    /// - Complexity: in the names of one call.
    func limitedModels(of name: String) -> [String] {
        guard !limitedNames.isEmpty, !name.isEmpty else { return [] }
        var found: [String] = []
        for name in [name] + ModelName.shorter(name) {
            for model in limitedNames[name] ?? [] where !found.contains(model) { found.append(model) }
        }
        return found
    }

    /// Takes note of the names that limits of `model` bind, instead of those that they bound before.
    mutating func keepNames(of model: String, _ quota: Quota?) {
        let before = sharedQuotas[.model(model)].map { [model] + $0.names } ?? []
        for name in before {
            limitedNames[name]?.removeAll { $0 == model }
            if limitedNames[name]?.isEmpty == true { limitedNames[name] = nil }
        }
        for name in quota.map({ [model] + $0.names }) ?? [] {
            let others = limitedNames[name] ?? []
            // Sorted, so that a snapshot's reader comes to the same.
            limitedNames[name] = (others + [model]).sorted { SnapshotCodec.isBefore($0, $1) }
        }
    }
}
