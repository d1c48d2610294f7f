/// A change of limits or groups that somebody made; what a user gets by the pattern for unknown users is
/// none.
package struct LimitsChange: Hashable, Sendable {
    /// What it changed.
    package let key: Key
    /// Where and when it was made; nil: where and when it is recorded.
    package let source: ChangeSource?
    /// The change itself.
    package let event: Event

    /// What changes one at a time: of two changes of the same key, the later one is all that counts.
    package enum Key: Hashable, Sendable {
        /// A subject's limits.
        case limits(QuotaSubject)
        /// Whether a user is in a group.
        case membership(UserID, GroupName)

        /// A name of its own, to sort by.
        var text: String {
            switch self {
            case .limits(let subject): subject.text
            case .membership(let user, let group): "\(user.text) \(group.text)"
            }
        }
    }

    /// Reads `event`; nil when it is no such change.
    package init?(_ event: Event) {
        let actor: String
        switch event {
        case .quotaSet(let change):
            (key, source, actor) = (.limits(change.subject), change.source, change.actor)
        case .quotaRemoved(let change):
            (key, source, actor) = (.limits(change.subject), change.source, change.actor)
        case .groupJoined(let change):
            (key, source, actor) = (.membership(change.user, change.group), change.source, change.actor)
        case .groupLeft(let change):
            (key, source, actor) = (.membership(change.user, change.group), change.source, change.actor)
        default: return nil
        }
        guard actor != LedgerState.patternActor else { return nil }
        self.event = event
    }

    /// The same change with another source.
    func made(_ source: ChangeSource) -> Event {
        switch event {
        case .quotaSet(var change):
            change.source = source
            return .quotaSet(change)
        case .quotaRemoved(var change):
            change.source = source
            return .quotaRemoved(change)
        case .groupJoined(var change):
            change.source = source
            return .groupJoined(change)
        case .groupLeft(var change):
            change.source = source
            return .groupLeft(change)
        default: return event
        }
    }
}

/// Which change of a key was the last.
package struct ChangeStamp: Hashable, Sendable {
    /// When it was made.
    package let madeAt: Timestamp
    /// In which journal; nil: in this one.
    package let origin: String?

    /// Whether a change made at `time` in the journal `other` comes after it, in the journal `own` as
    /// anywhere.
    func isBefore(_ time: Timestamp, in other: String, own: String) -> Bool {
        madeAt == time ? SnapshotCodec.isBefore(origin ?? own, other) : madeAt < time
    }
}
