/// Each user's figures in days and months of UTC, whether or not there are limits.
extension LedgerState {
    mutating func hold(_ reservation: Reservation, on today: Day) {
        var budget = (budgets[reservation.call.user] ?? Budget(today)).rolled(to: today)
        budget.day.hold(reservation.amount, reservation.tokens)
        budget.month.hold(reservation.amount, reservation.tokens)
        budgets[reservation.call.user] = budget
    }

    mutating func settle(_ reservation: Reservation, _ amount: Money, _ tokens: Int64?) {
        guard var budget = budgets[reservation.call.user] else { return }
        if budget.day.start == reservation.day { budget.day.settle(reservation, amount, tokens) }
        if budget.month.start == reservation.day.firstOfMonth {
            budget.month.settle(reservation, amount, tokens)
        }
        budgets[reservation.call.user] = budget
    }

    /// Adds `amount`, a credit when negative, to the windows of `time` where they are still current.
    mutating func spend(_ user: UserID, _ amount: Money, tokens: Int64, at time: Timestamp) {
        let today = max(time, lastTimestamp).day
        var budget = (budgets[user] ?? Budget(today)).rolled(to: today)
        if budget.day.start == time.day { budget.day.spend(amount, tokens) }
        if budget.month.start == time.day.firstOfMonth { budget.month.spend(amount, tokens) }
        budgets[user] = budget
    }
}

extension Budget {
    /// Empty windows that hold `day`.
    init(_ day: Day) {
        self.init(day: BudgetWindow(start: day), month: BudgetWindow(start: day.firstOfMonth))
    }

    /// This budget with windows that have ended replaced by empty ones.
    func rolled(to today: Day) -> Budget {
        Budget(
            day: today > day.start ? BudgetWindow(start: today) : day,
            month: today.firstOfMonth > month.start ? BudgetWindow(start: today.firstOfMonth) : month)
    }
}

extension BudgetWindow {
    fileprivate mutating func hold(_ amount: Money, _ tokens: Int64) {
        reserved = reserved.addingClamped(amount)
        reservedTokens &+= tokens
    }

    fileprivate mutating func settle(_ reservation: Reservation, _ amount: Money, _ tokens: Int64?) {
        reserved = reserved.addingClamped(reservation.amount.negated)
        reservedTokens &-= reservation.tokens
        spend(amount, tokens ?? reservation.tokens)
    }

    fileprivate mutating func spend(_ amount: Money, _ tokens: Int64) {
        used = used.addingClamped(amount)
        self.tokens &+= tokens
    }
}
