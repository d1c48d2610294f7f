/// What is needed to judge commands: limits, open reservations, and what each user spent in the current
/// windows.
///
/// A pure state machine: ``decide(_:at:)`` judges, ``evolve(_:)`` folds. The writer, replay, `verify` and the
/// tests run the same two functions.
package struct LedgerState: Hashable, Sendable {
    /// Limits by user.
    package internal(set) var quotas: [UserID: Quota] = [:]
    /// Limits of groups, models and all together, and the pattern for unknown users.
    package internal(set) var sharedQuotas: [QuotaSubject: Quota] = [:]
    /// The models with limits that each name counts in, sorted.
    var limitedNames: [String: [String]] = [:]
    /// What is used of each subject's limits.
    package internal(set) var meters: [QuotaSubject: SubjectMeters] = [:]
    /// The groups of each user who is in any, sorted.
    package internal(set) var groups: [UserID: [GroupName]] = [:]
    /// Where the pattern for unknown users was last set; nil: there is none.
    package internal(set) var pattern: Position?
    /// The pattern that each user who has limits from one got them by.
    package internal(set) var patterned: [UserID: Position] = [:]
    /// The last change of each subject's limits and of each membership, at most ``changesMax``.
    package internal(set) var changes: [LimitsChange.Key: ChangeStamp] = [:]
    /// How far the changes of other journals are copied, by journal.
    package internal(set) var copied: [String: Position] = [:]
    /// Calls that are admitted and not ended.
    package internal(set) var open: [UniqueID: Reservation] = [:]
    /// What each user spent in the current day and month.
    package internal(set) var budgets: [UserID: Budget] = [:]
    /// Agent runs that have begun and not ended.
    package internal(set) var dispatches: [UniqueID: OpenDispatch] = [:]
    /// The last alert of each fingerprint, at most ``alertsMax``.
    package internal(set) var alerts: [String: KnownAlert] = [:]
    /// Containers that are there, at most ``containersMax``.
    package internal(set) var containers: [ContainerHandle: KnownContainer] = [:]
    /// The latest reports of usage, at most ``KnownReports/countMax``.
    package internal(set) var reports = KnownReports()
    /// The position of the last correction of a cost; 0: there is none.
    package internal(set) var lastAdjustment = Position(0)
    /// The last result of each report of each provider, at most ``reconciliationsMax``.
    package internal(set) var reconciliations: [ReportName: KnownReconciliation] = [:]
    /// The price book in force.
    package internal(set) var priceBook: String?
    /// The time of the last event: recorded time never goes back.
    package internal(set) var lastTimestamp = Timestamp(microseconds: 0)

    /// Creates the state before the first event.
    package init() {}
}

/// An open call and what it holds.
package struct Reservation: Hashable, Sendable {
    /// The call.
    package let call: CallIdentity
    /// The amount held.
    package let amount: Money
    /// The tokens held.
    package let tokens: Int64
    /// Where it was recorded.
    package let position: Position
    /// When it was made: it is charged to the windows of then, whenever it ends.
    package let madeAt: Timestamp
    /// The groups that its user was in then.
    package let groups: [GroupName]
    /// The models with limits that it counts in.
    package let models: [String]
    /// Whether it counts in an agent run that was open when it was made.
    package let isLinked: Bool

    /// The UTC day that it is charged to.
    package var day: Day { madeAt.day }

    /// Whose limits it counts in.
    var payers: Payers { Payers(user: call.user, groups: groups, models: models) }

    /// What it holds.
    var held: Metered { Metered(cost: amount, tokens: tokens, requests: 1) }
}

/// One user's spending in the current day and month.
package struct Budget: Hashable, Sendable {
    /// The current UTC day's figures.
    package var day: BudgetWindow
    /// The current UTC month's figures.
    package var month: BudgetWindow
}

/// Spending in one calendar window.
package struct BudgetWindow: Hashable, Sendable {
    /// The first day of the window.
    package let start: Day
    /// Settled, estimated and held amounts.
    package var used = Money.zero
    /// What open calls hold.
    package var reserved = Money.zero
    /// Tokens used.
    package var tokens: Int64 = 0
    /// Tokens that open calls hold.
    package var reservedTokens: Int64 = 0

    /// Creates an empty window.
    package init(start: Day) { self.start = start }
}
