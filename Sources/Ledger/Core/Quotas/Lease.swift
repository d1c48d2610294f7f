/// One limit's window, which several journals share: the same in each of them.
package struct LeaseKey: Hashable, Sendable {
    /// Whose limit.
    package let subject: QuotaSubject
    /// What is counted.
    package let measure: LimitMeasure
    /// In which kind of window.
    package let window: LimitWindow
    /// When the window ends.
    package let windowEnd: Timestamp

    /// Creates a key.
    package init(
        subject: QuotaSubject, measure: LimitMeasure, window: LimitWindow, windowEnd: Timestamp
    ) {
        self.subject = subject
        self.measure = measure
        self.window = window
        self.windowEnd = windowEnd
    }
}

/// How much of a shared limit's window this journal may spend changed: whole, not by how much.
///
/// PostgreSQL grants it, and holds at least as much for this journal at every moment: a lease that grows is
/// recorded after it was granted, one that shrinks before it is given back.
package struct LeaseSet: Hashable, Sendable {
    /// Which limit's window.
    package let key: LeaseKey
    /// The limit, as this journal knows it: 10⁻¹⁸ USD or a count.
    package let limit: Int128
    /// What may be spent in all, from the window's start on.
    package let leased: Int128
    /// Why.
    package let cause: LeaseCause

    /// Creates the event.
    package init(key: LeaseKey, limit: Int128, leased: Int128, cause: LeaseCause) {
        self.key = key
        self.limit = limit
        self.leased = leased
        self.cause = cause
    }
}

/// Why a lease changed.
package enum LeaseCause: String, CaseIterable, Sendable {
    /// PostgreSQL granted it.
    case granted
    /// It is what is in use: the rest is given back, or what was recorded after the fact is added.
    case fitted
    /// PostgreSQL was away, and the ledger was told to go on.
    case overridden
}

/// What of a shared limit a call asks for and this journal has not leased.
package struct LeaseNeed: Hashable, Sendable {
    /// Which limit's window.
    package let key: LeaseKey
    /// The limit.
    package let limit: Int128
    /// What is leased.
    package let leased: Int128
    /// What is used, and what open calls hold.
    package let inUse: Int128
    /// What the call asks for.
    package let asked: Int128
}

/// By what budgets calls are judged.
package enum BudgetScope: Hashable, Sendable {
    /// By the limits alone: nobody else spends of them.
    case own
    /// By what this journal has leased of them; what happens to a call that needs more.
    case shared(Shortage)

    /// What happens to a call that needs more than is leased.
    package enum Shortage: Hashable, Sendable {
        /// It is not judged yet: ``Rejection/notLeased(_:)`` says what to lease.
        case ask
        /// It is refused, until then or the window's end.
        case refuse(LeaseShortage, until: Timestamp?)
        /// It goes, and the lease is recorded as overridden.
        case override
    }
}

/// Why nothing could be leased for a call.
package enum LeaseShortage: String, CaseIterable, Sendable {
    /// Other journals have used or hold what this one has not leased.
    case elsewhere
    /// PostgreSQL is away.
    case unavailable
}
