/// A user became a member of a group.
package struct GroupJoined: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// The group.
    package let group: GroupName
    /// Who said so.
    package let actor: String
    /// Why, in the actor's words.
    package let reason: String?
    /// Where and when it was said, when that is not where and when it is recorded.
    package internal(set) var source: ChangeSource?

    /// Creates the event.
    package init(
        user: UserID, group: GroupName, actor: String, reason: String? = nil, source: ChangeSource? = nil
    ) {
        self.user = user
        self.group = group
        self.actor = actor
        self.reason = reason
        self.source = source
    }
}

/// A user is no longer a member of a group.
package struct GroupLeft: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// The group.
    package let group: GroupName
    /// Who said so.
    package let actor: String
    /// Why, in the actor's words.
    package let reason: String?
    /// Where and when it was said, when that is not where and when it is recorded.
    package internal(set) var source: ChangeSource?

    /// Creates the event.
    package init(
        user: UserID, group: GroupName, actor: String, reason: String? = nil, source: ChangeSource? = nil
    ) {
        self.user = user
        self.group = group
        self.actor = actor
        self.reason = reason
        self.source = source
    }
}

/// A share of a limit is used up: once for each subject, window, limit and threshold.
///
/// It is decided together with the event that crosses, and never by a replay.
package struct ThresholdCrossed: Hashable, Sendable {
    /// Whose limit.
    package let subject: QuotaSubject
    /// The limit.
    package let limit: Limit
    /// The share that is reached, in percent.
    package let threshold: Int64
    /// What is used, the event that crosses included: 10⁻¹⁸ USD or a count.
    package let used: Int128
    /// From when it is counted.
    package let windowStart: Timestamp
    /// When the window ends.
    package let windowEnd: Timestamp

    /// Creates the event.
    package init(
        subject: QuotaSubject, limit: Limit, threshold: Int64, used: Int128, windowStart: Timestamp,
        windowEnd: Timestamp
    ) {
        self.subject = subject
        self.limit = limit
        self.threshold = threshold
        self.used = used
        self.windowStart = windowStart
        self.windowEnd = windowEnd
    }
}
