extension LedgerState {
    /// Folds one recorded event in; total, because recorded events are facts.
    package mutating func evolve(_ recorded: RecordedEvent) {
        lastTimestamp = max(lastTimestamp, recorded.timestamp)
        switch recorded.event {
        case .callReserved(let event): reserve(event, on: lastTimestamp.day)
        case .callSettled(let event):
            let tokens = event.usage.inputTokens &+ event.usage.outputTokens
            let reservation = close(event.call.callID, charging: event.cost.charged, tokens: tokens)
            if let reservation, reservation.isLinked {
                link(event.call, event.usage, event.cost, reservation)
            }
        case .callExpired(let event):
            let reservation = close(event.call.callID, charging: event.cost.charged, tokens: nil)
            if let reservation, reservation.isLinked { link(event.call, Usage(), event.cost, reservation) }
        case .callRejected: break
        case .quotaSet(let event): quotas[event.user] = event.quota
        case .quotaRemoved(let event): quotas[event.user] = nil
        case .pricesPublished(let event): priceBook = event.priceBook
        case .dispatchStarted(let event):
            dispatches[event.dispatch.dispatchID] = OpenDispatch(event, at: recorded.timestamp)
        case .dispatchCompleted(let event):
            dispatches[event.dispatch.dispatchID] = nil
            guard event.billing == .direct else { break }
            charge(
                event.dispatch.user, event.cost,
                tokens: event.usage.inputTokens &+ event.usage.outputTokens, on: lastTimestamp.day)
        case .dispatchRejected: break
        case .alertReceived(let event): keep(KnownAlert(alert: event, position: recorded.position))
        case .containerChanged(let event): keep(event, at: recorded.timestamp)
        case .usageReported(let event): keep(event, at: recorded.position)
        }
    }

    private mutating func reserve(_ event: CallReserved, on today: Day) {
        let dispatch = openDispatch(of: event.call)
        if let dispatch { dispatches[dispatch]?.hold(event.reserved) }
        open[event.call.callID] = Reservation(
            call: event.call, amount: event.reserved, tokens: event.reservedTokens, day: today,
            isLinked: dispatch != nil)
        var budget = (budgets[event.call.user] ?? Budget(today)).rolled(to: today)
        budget.day.hold(event.reserved, event.reservedTokens)
        budget.month.hold(event.reserved, event.reservedTokens)
        budgets[event.call.user] = budget
    }

    /// Ends a reservation and charges the windows that it was made in, where they are still current.
    ///
    /// `tokens` are those used; nil: as many as were held.
    ///
    /// - Returns: the reservation; nil when there was none.
    private mutating func close(
        _ callID: UniqueID, charging amount: Money, tokens: Int64?
    ) -> Reservation? {
        guard let reservation = open.removeValue(forKey: callID) else { return nil }
        guard var budget = budgets[reservation.call.user] else { return reservation }
        if budget.day.start == reservation.day { budget.day.settle(reservation, amount, tokens) }
        if budget.month.start == reservation.day.firstOfMonth {
            budget.month.settle(reservation, amount, tokens)
        }
        budgets[reservation.call.user] = budget
        return reservation
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
