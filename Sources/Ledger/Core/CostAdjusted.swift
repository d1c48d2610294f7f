/// The cost of something recorded is known better now: what it was, and what it is.
///
/// The event that it corrects stays as it is. Whoever sums costs adds ``difference`` to that event's hour.
package struct CostAdjusted: Hashable, Sendable {
    /// What is corrected.
    package let target: CostTarget
    /// What it cost until now.
    package let old: RatedCost
    /// What it costs from now on.
    package let new: RatedCost
    /// Why: a sentence of whoever asked for it, at most ``reasonScalarsMax`` Unicode scalars.
    package let reason: String
    /// Who asked for it.
    package let actor: String

    /// The longest reason.
    package static let reasonScalarsMax = 200

    /// Creates the event.
    package init(target: CostTarget, old: RatedCost, new: RatedCost, reason: String, actor: String) {
        self.target = target
        self.old = old
        self.new = new
        self.reason = reason
        self.actor = actor
    }

    var user: UserID { target.user }

    /// What is added to what was spent; negative where it was too much.
    package var difference: Money { new.cost.amount.addingClamped(old.cost.amount.negated) }

    /// What is added to what counts against a limit.
    var chargedDifference: Money { new.cost.charged.addingClamped(old.cost.charged.negated) }
}

/// A cost and the prices that it comes from.
package struct RatedCost: Hashable, Sendable {
    /// The cost.
    package let cost: Cost
    /// The content hash of the price book.
    package let priceBook: String

    /// Creates a rated cost.
    package init(_ cost: Cost, by priceBook: String) {
        self.cost = cost
        self.priceBook = priceBook
    }
}

/// A recorded amount that can be corrected: a call, a direct run's use of one model, or a report.
package struct CostTarget: Hashable, Sendable {
    /// The position of the event that recorded it.
    package let position: Position
    /// Who pays.
    package let user: UserID
    /// What was used.
    package let kind: UsageKind
    /// The call, for a call.
    package let callID: UniqueID?
    /// The agent run that it names.
    package let dispatchID: String?
    /// The part of the platform that it came through, or who reported it.
    package let source: String
    /// The provider.
    package let provider: String
    /// The model.
    package let model: String
    /// When it was recorded: the difference belongs into the hour that holds this.
    package let recordedAt: Timestamp
    /// The moment in whose windows it counts against limits: when it was reserved.
    package let chargedAt: Timestamp
    /// The limits that it was counted in; nil: an older line, which does not say.
    package let limits: ChargedLimits?

    /// Creates a target.
    package init(
        position: Position, user: UserID, kind: UsageKind, callID: UniqueID? = nil,
        dispatchID: String? = nil, source: String, provider: String, model: String, recordedAt: Timestamp,
        chargedAt: Timestamp, limits: ChargedLimits? = nil
    ) {
        self.position = position
        self.user = user
        self.kind = kind
        self.callID = callID
        self.dispatchID = dispatchID
        self.source = source
        self.provider = provider
        self.model = model
        self.recordedAt = recordedAt
        self.chargedAt = chargedAt
        self.limits = limits
    }
}

/// The limits that a cost was counted in, beside those of its user and of all together: as they were when it
/// began to count.
package struct ChargedLimits: Hashable, Sendable {
    /// Where it began to count: the reservation of a call, or the event that recorded it.
    ///
    /// A limit that counts from a later position never counted it.
    package let position: Position
    /// The model: the one asked for, or a direct run's largest; empty: none.
    package let model: String
    /// The groups that its user was in, sorted.
    package let groups: [GroupName]

    /// Creates them.
    package init(position: Position, model: String, groups: [GroupName] = []) {
        self.position = position
        self.model = model
        self.groups = groups
    }
}
