/// A subject's limits.
package struct Quota: Hashable, Sendable {
    /// Money a day; nil: no limit.
    package var dailyLimit: Money?
    /// Money a month; nil: no limit.
    package var monthlyLimit: Money?
    /// Tokens a day, in and out; nil: no limit.
    package var dailyTokens: Int64?
    /// Whether calls are admitted at all.
    package var isEnabled: Bool
    /// Further limits, each of another measure or window.
    package var limits: [Limit]
    /// What says where days, weeks and months begin.
    package var calendar: QuotaCalendar
    /// Percentages at which a crossing is recorded; for limits that have none of their own.
    package var thresholds: [Int64]
    /// Of a model's limits: its further names, which they bind as well.
    package var names: [String]

    /// The most limits that one subject has.
    package static let limitsMax = 16
    /// The most further names of one model.
    package static let namesMax = 64

    /// Creates limits.
    package init(
        dailyLimit: Money? = nil, monthlyLimit: Money? = nil, dailyTokens: Int64? = nil,
        isEnabled: Bool = true, limits: [Limit] = [], calendar: QuotaCalendar = .utc,
        thresholds: [Int64] = [], names: [String] = []
    ) {
        self.dailyLimit = dailyLimit
        self.monthlyLimit = monthlyLimit
        self.dailyTokens = dailyTokens
        self.isEnabled = isEnabled
        self.limits = limits
        self.calendar = calendar
        self.thresholds = thresholds
        self.names = names
    }

    /// All limits, in the order in which they are judged.
    package var allLimits: [Limit] {
        var all: [Limit] = []
        if let dailyLimit { all.append(Limit(.cost, .day, amount: dailyLimit.attos)) }
        if let monthlyLimit { all.append(Limit(.cost, .month, amount: monthlyLimit.attos)) }
        if let dailyTokens { all.append(Limit(.tokens, .day, amount: Int128(dailyTokens))) }
        return all + limits
    }

    /// Whether no figure is negative, and nothing is there twice or beyond its bound.
    var isPlausible: Bool {
        let all = allLimits
        return all.count <= Self.limitsMax
            && all.allSatisfy { $0.amount >= 0 && Limit.isPlausible($0.thresholds ?? []) }
            && Limit.isPlausible(thresholds) && names.count <= Self.namesMax
            && Set(all.map { [$0.measure.rawValue, $0.window.rawValue] }).count == all.count
    }
}

/// A subject's limits were set, whole.
package struct QuotaSet: Hashable, Sendable {
    /// Whose.
    package let subject: QuotaSubject
    /// The limits from now on.
    package let quota: Quota
    /// Who set them.
    package let actor: String
    /// Why, in the actor's words.
    package let reason: String?
    /// Where the pattern for unknown users was set, when the user got these limits from it.
    package let pattern: Position?
    /// Where and when they were set, when that is not where and when it is recorded.
    package internal(set) var source: ChangeSource?

    /// The user, when they are one user's.
    package var user: UserID? { subject.user }

    /// Creates the event.
    package init(
        subject: QuotaSubject, quota: Quota, actor: String, reason: String? = nil, pattern: Position? = nil,
        source: ChangeSource? = nil
    ) {
        self.subject = subject
        self.quota = quota
        self.actor = actor
        self.reason = reason
        self.pattern = pattern
        self.source = source
    }

    /// Creates the event of a user's limits.
    package init(user: UserID, quota: Quota, actor: String) {
        self.init(subject: .user(user), quota: quota, actor: actor)
    }
}

/// A subject's limits were removed.
package struct QuotaRemoved: Hashable, Sendable {
    /// Whose.
    package let subject: QuotaSubject
    /// Who removed them.
    package let actor: String
    /// Why, in the actor's words.
    package let reason: String?
    /// Where and when they were removed, when that is not where and when it is recorded.
    package internal(set) var source: ChangeSource?

    /// The user, when they were one user's.
    package var user: UserID? { subject.user }

    /// Creates the event.
    package init(
        subject: QuotaSubject, actor: String, reason: String? = nil, source: ChangeSource? = nil
    ) {
        self.subject = subject
        self.actor = actor
        self.reason = reason
        self.source = source
    }

    /// Creates the event of a user's limits.
    package init(user: UserID, actor: String) { self.init(subject: .user(user), actor: actor) }
}

/// A limit that refused a call, with the figures of that moment.
package struct QuotaLimit: Hashable, Sendable {
    /// What was limited.
    package let kind: Kind
    /// The limit; 10⁻¹⁸ USD where money is limited, else a count.
    package let limit: Int128
    /// What was spent or held in the window.
    package let used: Int128
    /// What other open calls had reserved.
    package let reserved: Int128
    /// When the window ends and the call may be tried again; nil: not by waiting.
    package let retryAt: Timestamp?
    /// Whose limit it is; nil: the user's own.
    package let subject: QuotaSubject?
    /// Why no more of a shared limit could be leased, where that refused the call; nil: the limit itself did.
    ///
    /// What is used then is all that is not leased here.
    package let shortage: LeaseShortage?

    /// Creates a limit's refusal.
    package init(
        kind: Kind, limit: Int128, used: Int128, reserved: Int128, retryAt: Timestamp?,
        subject: QuotaSubject? = nil, shortage: LeaseShortage? = nil
    ) {
        self.kind = kind
        self.limit = limit
        self.used = used
        self.reserved = reserved
        self.retryAt = retryAt
        self.subject = subject
        self.shortage = shortage
    }

    /// The kinds of limits.
    package enum Kind: String, CaseIterable, Sendable {
        case hourlyCost = "hourly_cost"
        case dailyCost = "daily_cost"
        case weeklyCost = "weekly_cost"
        case monthlyCost = "monthly_cost"
        case hourlyTokens = "hourly_tokens"
        case dailyTokens = "daily_tokens"
        case weeklyTokens = "weekly_tokens"
        case monthlyTokens = "monthly_tokens"
        case hourlyRequests = "hourly_requests"
        case dailyRequests = "daily_requests"
        case weeklyRequests = "weekly_requests"
        case monthlyRequests = "monthly_requests"
        case disabled
    }
}

extension QuotaLimit.Kind {
    /// The kind of a limit of `measure` in `window`.
    package init(_ measure: LimitMeasure, _ window: LimitWindow) {
        self =
            switch (measure, window) {
            case (.cost, .hour): .hourlyCost
            case (.cost, .day): .dailyCost
            case (.cost, .week): .weeklyCost
            case (.cost, .month): .monthlyCost
            case (.tokens, .hour): .hourlyTokens
            case (.tokens, .day): .dailyTokens
            case (.tokens, .week): .weeklyTokens
            case (.tokens, .month): .monthlyTokens
            case (.requests, .hour): .hourlyRequests
            case (.requests, .day): .dailyRequests
            case (.requests, .week): .weeklyRequests
            case (.requests, .month): .monthlyRequests
            }
    }

    /// What it counts; money for ``disabled``, which has no figures.
    package var measure: LimitMeasure {
        switch self {
        case .hourlyCost, .dailyCost, .weeklyCost, .monthlyCost, .disabled: .cost
        case .hourlyTokens, .dailyTokens, .weeklyTokens, .monthlyTokens: .tokens
        case .hourlyRequests, .dailyRequests, .weeklyRequests, .monthlyRequests: .requests
        }
    }

    /// `daily`, as in a sentence; empty for ``disabled``.
    package var windowWord: String {
        self == .disabled ? "" : String(rawValue.prefix { $0 != "_" })
    }
}
