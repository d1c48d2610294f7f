/// A user's limits, each in calendar windows of UTC.
package struct Quota: Hashable, Sendable {
    /// Money a day; nil: no limit.
    package var dailyLimit: Money?
    /// Money a month; nil: no limit.
    package var monthlyLimit: Money?
    /// Tokens a day, in and out; nil: no limit.
    package var dailyTokens: Int64?
    /// Whether the user may call at all.
    package var isEnabled: Bool

    /// Creates limits.
    package init(
        dailyLimit: Money? = nil, monthlyLimit: Money? = nil, dailyTokens: Int64? = nil,
        isEnabled: Bool = true
    ) {
        self.dailyLimit = dailyLimit
        self.monthlyLimit = monthlyLimit
        self.dailyTokens = dailyTokens
        self.isEnabled = isEnabled
    }
}

/// A user's limits were set, whole.
package struct QuotaSet: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// The limits from now on.
    package let quota: Quota
    /// Who set them.
    package let actor: String

    /// Creates the event.
    package init(user: UserID, quota: Quota, actor: String) {
        self.user = user
        self.quota = quota
        self.actor = actor
    }
}

/// A user's limits were removed.
package struct QuotaRemoved: Hashable, Sendable {
    /// The user.
    package let user: UserID
    /// Who removed them.
    package let actor: String

    /// Creates the event.
    package init(user: UserID, actor: String) {
        self.user = user
        self.actor = actor
    }
}

/// Another price book came into force.
package struct PricesPublished: Hashable, Sendable {
    /// The book's content hash.
    package let priceBook: String
    /// How many models it prices.
    package let models: Int64
    /// Where it was read from.
    package let source: String

    /// Creates the event.
    package init(priceBook: String, models: Int64, source: String) {
        self.priceBook = priceBook
        self.models = models
        self.source = source
    }
}

/// A limit that refused a call, with the figures of that moment.
package struct QuotaLimit: Hashable, Sendable {
    /// What was limited.
    package let kind: Kind
    /// The limit; tokens for ``Kind/dailyTokens``, else 10⁻¹⁸ USD.
    package let limit: Int128
    /// What was spent or held in the window.
    package let used: Int128
    /// What other open calls had reserved.
    package let reserved: Int128
    /// When the window ends and the call may be tried again; nil: not by waiting.
    package let retryAt: Timestamp?

    /// The kinds of limits.
    package enum Kind: String, CaseIterable, Sendable {
        case dailyCost = "daily_cost"
        case monthlyCost = "monthly_cost"
        case dailyTokens = "daily_tokens"
        case disabled
    }

    /// Creates a limit's refusal.
    package init(kind: Kind, limit: Int128, used: Int128, reserved: Int128, retryAt: Timestamp?) {
        self.kind = kind
        self.limit = limit
        self.used = used
        self.reserved = reserved
        self.retryAt = retryAt
    }
}
