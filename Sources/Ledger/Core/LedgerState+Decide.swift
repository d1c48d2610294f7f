extension LedgerState {
    /// Judges `command`; changes nothing.
    ///
    /// - Returns: the events to append, in order.
    /// - Throws: a ``Rejection`` when the command contradicts what is recorded.
    package func decide(_ command: Command, at now: Timestamp) throws(Rejection) -> [Event] {
        switch command {
        case .reserve(let call, let estimate, let priceBook, let isPriced):
            guard open[call.callID] == nil else { throw .alreadyReserved(call.callID) }
            guard estimate.cost >= .zero, estimate.tokens >= 0 else { throw .negative }
            if let limit = refusal(of: estimate, to: call.user, at: now) {
                return [
                    .callRejected(
                        CallRejected(
                            call: call, limit: limit, requested: estimate.cost,
                            requestedTokens: estimate.tokens))
                ]
            }
            return [
                .callReserved(
                    CallReserved(
                        call: call, reserved: estimate.cost, reservedTokens: estimate.tokens,
                        priceBook: priceBook,
                        isPriced: isPriced))
            ]
        case .settle(let settled):
            guard let reservation = open[settled.call.callID]
            else { throw .notReserved(settled.call.callID) }
            guard settled.call.user == reservation.call.user
            else { throw .anotherUser(settled.call.callID) }
            guard settled.cost.amount >= .zero, settled.cost.held >= .zero, settled.usage.isPlausible,
                settled.durationMilliseconds >= 0
            else { throw .negative }
            return [.callSettled(settled)]
        case .expire(let callID, let reason):
            guard let reservation = open[callID] else { throw .notReserved(callID) }
            return [
                .callExpired(
                    CallExpired(call: reservation.call, cost: .estimated(reservation.amount), reason: reason))
            ]
        case .setQuota(let user, let quota, let actor):
            guard (quota.dailyLimit ?? .zero) >= .zero, (quota.monthlyLimit ?? .zero) >= .zero,
                (quota.dailyTokens ?? 0) >= 0
            else { throw .negative }
            return [.quotaSet(QuotaSet(user: user, quota: quota, actor: actor))]
        case .removeQuota(let user, let actor):
            guard quotas[user] != nil else { throw .noQuota(user) }
            return [.quotaRemoved(QuotaRemoved(user: user, actor: actor))]
        case .publishPrices(let published):
            return published.priceBook == priceBook ? [] : [.pricesPublished(published)]
        case .startDispatch(let started): return [try start(started, at: now)]
        case .rejectDispatch(let rejected):
            guard dispatches[rejected.dispatch.dispatchID] == nil
            else { throw .alreadyStarted(rejected.dispatch.dispatchID) }
            guard rejected.queuedMilliseconds >= 0 else { throw .negative }
            return [.dispatchRejected(rejected)]
        case .completeDispatch(let report): return [.dispatchCompleted(try completed(report))]
        case .abandonDispatch(let id, let reason):
            return [.dispatchCompleted(try abandoned(id, reason, at: now))]
        case .receiveAlert(let alert): return isKnown(alert) ? [] : [.alertReceived(alert)]
        case .changeContainer(let change): return try judge(change).map { [$0] } ?? []
        case .reportUsage(let report): return try judge(report).map { [$0] } ?? []
        }
    }

    /// The limit that `estimate` would break; nil: it may go.
    func refusal(of estimate: Estimate, to user: UserID, at now: Timestamp) -> QuotaLimit? {
        guard let quota = quotas[user] else { return nil }
        guard quota.isEnabled else {
            return QuotaLimit(kind: .disabled, limit: 0, used: 0, reserved: 0, retryAt: nil)
        }
        let budget = budget(of: user, at: now)
        // The windows are those of recorded time, which a clock set back does not change.
        let today = budget.day.start
        let tomorrow = today.next.start
        if let limit = quota.dailyLimit, !budget.day.admits(estimate.cost, under: limit) {
            return QuotaLimit(.dailyCost, limit, budget.day, retryAt: tomorrow)
        }
        if let limit = quota.monthlyLimit, !budget.month.admits(estimate.cost, under: limit) {
            return QuotaLimit(.monthlyCost, limit, budget.month, retryAt: today.firstOfNextMonth.start)
        }
        if let limit = quota.dailyTokens {
            let total =
                Int128(budget.day.tokens) + Int128(budget.day.reservedTokens) + Int128(estimate.tokens)
            if total > Int128(limit) {
                return QuotaLimit(
                    kind: .dailyTokens, limit: Int128(limit), used: Int128(budget.day.tokens),
                    reserved: Int128(budget.day.reservedTokens), retryAt: tomorrow)
            }
        }
        return nil
    }

    /// The user's figures in the windows that `now` falls in.
    package func budget(of user: UserID, at now: Timestamp) -> Budget {
        let today = max(now, lastTimestamp).day
        return (budgets[user] ?? Budget(today)).rolled(to: today)
    }
}

extension BudgetWindow {
    /// Whether `amount` still fits under `limit`.
    func admits(_ amount: Money, under limit: Money) -> Bool {
        used.addingClamped(reserved).addingClamped(amount) <= limit
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

extension QuotaLimit {
    init(_ kind: Kind, _ limit: Money, _ window: BudgetWindow, retryAt: Timestamp) {
        self.init(
            kind: kind, limit: limit.attos, used: window.used.attos, reserved: window.reserved.attos,
            retryAt: retryAt)
    }
}
