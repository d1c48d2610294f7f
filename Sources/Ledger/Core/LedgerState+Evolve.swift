extension LedgerState {
    /// Folds one recorded event in; total, because recorded events are facts.
    package mutating func evolve(_ recorded: RecordedEvent) {
        lastTimestamp = max(lastTimestamp, recorded.timestamp)
        switch recorded.event {
        case .callReserved(let event): reserve(event, on: lastTimestamp.day)
        case .callSettled(let event):
            let tokens = event.usage.inputTokens &+ event.usage.outputTokens
            close(event.call.callID, charging: event.cost.charged, tokens: tokens)
        case .callExpired(let event):
            close(event.call.callID, charging: event.cost.charged, tokens: nil)
        case .callRejected: break
        case .quotaSet(let event): quotas[event.user] = event.quota
        case .quotaRemoved(let event): quotas[event.user] = nil
        case .pricesPublished(let event): priceBook = event.priceBook
        }
    }

    private mutating func reserve(_ event: CallReserved, on today: Day) {
        open[event.call.callID] = Reservation(
            call: event.call, amount: event.reserved, tokens: event.reservedTokens, day: today)
        var budget = (budgets[event.call.user] ?? Budget(today)).rolled(to: today)
        budget.day.hold(event.reserved, event.reservedTokens)
        budget.month.hold(event.reserved, event.reservedTokens)
        budgets[event.call.user] = budget
    }

    /// Ends a reservation and charges the windows that it was made in, where they are still current.
    ///
    /// `tokens` are those used; nil: as many as were held.
    private mutating func close(_ callID: UniqueID, charging amount: Money, tokens: Int64?) {
        guard let reservation = open.removeValue(forKey: callID), var budget = budgets[reservation.call.user]
        else { return }
        if budget.day.start == reservation.day { budget.day.settle(reservation, amount, tokens) }
        if budget.month.start == reservation.day.firstOfMonth {
            budget.month.settle(reservation, amount, tokens)
        }
        budgets[reservation.call.user] = budget
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
        used = used.addingClamped(amount)
        self.tokens &+= tokens ?? reservation.tokens
    }
}
