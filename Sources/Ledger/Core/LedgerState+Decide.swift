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
            return admit(
                CallReserved(
                    call: call, reserved: estimate.cost, reservedTokens: estimate.tokens,
                    priceBook: priceBook, isPriced: isPriced), at: now)
        case .settle(let settled):
            guard let reservation = open[settled.call.callID]
            else { throw .notReserved(settled.call.callID) }
            guard settled.call.user == reservation.call.user
            else { throw .anotherUser(settled.call.callID) }
            guard settled.cost.amount >= .zero, settled.cost.held >= .zero, settled.usage.isPlausible,
                settled.durationMilliseconds >= 0
            else { throw .negative }
            let tokens = settled.usage.inputTokens &+ settled.usage.outputTokens
            return [.callSettled(settled)]
                + crossings(
                    reservation, Metered(cost: settled.cost.charged, tokens: tokens, requests: 1), now)
        case .expire(let callID, let reason):
            guard let reservation = open[callID] else { throw .notReserved(callID) }
            return [
                .callExpired(
                    CallExpired(call: reservation.call, cost: .estimated(reservation.amount), reason: reason))
            ] + crossings(reservation, reservation.held, now)
        case .changeQuota(let change): return try set(change, at: now)
        case .dropQuota(let change):
            guard quota(of: change.subject) != nil else { throw .noLimits(change.subject) }
            return [.quotaRemoved(change)]
        case .joinGroup(let change): return try join(change)
        case .leaveGroup(let change):
            guard groups[change.user]?.contains(change.group) == true
            else { throw .notMember(change.user, change.group) }
            return [.groupLeft(change)]
        case .publishPrices(let published):
            return published.priceBook == priceBook ? [] : [.pricesPublished(published)]
        case .startDispatch(let started): return try start(started, at: now)
        case .rejectDispatch(let rejected):
            guard dispatches[rejected.dispatch.dispatchID] == nil
            else { throw .alreadyStarted(rejected.dispatch.dispatchID) }
            guard rejected.queuedMilliseconds >= 0 else { throw .negative }
            return [.dispatchRejected(rejected)]
        case .completeDispatch(let report): return ended(try completed(report), at: now)
        case .abandonDispatch(let id, let reason): return ended(try abandoned(id, reason, at: now), at: now)
        case .receiveAlert(let alert): return isKnown(alert) ? [] : [.alertReceived(alert)]
        case .changeContainer(let change): return try judge(change).map { [$0] } ?? []
        case .reportUsage(let report): return try recorded(report, at: now)
        case .adjustCosts(let adjustments, let last): return try judge(adjustments, after: last)
        }
    }

    /// The user's figures in the windows of UTC that `now` falls in.
    package func budget(of user: UserID, at now: Timestamp) -> Budget {
        let today = max(now, lastTimestamp).day
        return (budgets[user] ?? Budget(today)).rolled(to: today)
    }

    private func admit(_ event: CallReserved, at now: Timestamp) -> [Event] {
        let asked = Metered(cost: event.reserved, tokens: event.reservedTokens, requests: 1)
        let verdict = judge(asked, of: payers(event.call.user, model: event.call.model), at: now)
        guard let limit = verdict.limit else { return verdict.events + [.callReserved(event)] }
        return verdict.events + [
            .callRejected(
                CallRejected(
                    call: event.call, limit: limit, requested: event.reserved,
                    requestedTokens: event.reservedTokens))
        ]
    }

    private func ended(_ event: DispatchCompleted, at now: Timestamp) -> [Event] {
        guard event.billing == .direct else { return [.dispatchCompleted(event)] }
        let spent = Metered(
            cost: event.cost.charged, tokens: event.usage.inputTokens &+ event.usage.outputTokens)
        return [.dispatchCompleted(event)]
            + crossings(of: payers(event.dispatch.user, model: event.model), spent, at: now)
    }

    private func recorded(_ report: UsageReported, at now: Timestamp) throws(Rejection) -> [Event] {
        guard let event = try judge(report) else { return [] }
        let spent = Metered(
            cost: report.cost.charged, tokens: report.usage.inputTokens &+ report.usage.outputTokens)
        return [event] + crossings(of: payers(report.user, model: report.model), spent, at: now)
    }
}
