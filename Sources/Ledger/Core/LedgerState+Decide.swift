extension LedgerState {
    /// Judges `command`; changes nothing.
    ///
    /// - Returns: the events to append, in order.
    /// - Throws: a ``Rejection`` when the command contradicts what is recorded.
    package func decide(
        _ command: Command, at now: Timestamp, in scope: BudgetScope = .own
    ) throws(Rejection) -> [Event] {
        switch command {
        case .reserve(let call, let estimate, let priceBook, let isPriced):
            guard open[call.callID] == nil else { throw .alreadyReserved(call.callID) }
            guard estimate.cost >= .zero, estimate.tokens >= 0 else { throw .negative }
            return try admit(
                CallReserved(
                    call: call, reserved: estimate.cost, reservedTokens: estimate.tokens,
                    priceBook: priceBook, isPriced: isPriced), at: now, in: scope)
        case .settle(let settled):
            guard let reservation = open[settled.call.callID]
            else { throw .notReserved(settled.call.callID) }
            guard settled.call.user == reservation.call.user
            else { throw .anotherUser(settled.call.callID) }
            guard settled.cost.amount >= .zero, settled.cost.held >= .zero, settled.usage.isPlausible,
                settled.durationMilliseconds >= 0
            else { throw .negative }
            return withCrossings(.callSettled(settled), at: now)
        case .expire(let callID, let reason):
            guard let reservation = open[callID] else { throw .notReserved(callID) }
            let cost = Cost.estimated(reservation.amount)
            return withCrossings(
                .callExpired(CallExpired(call: reservation.call, cost: cost, reason: reason)), at: now)
        case .changeQuota(let change):
            return try set(change, at: now).map { event throws(Rejection) in try dated(event, at: now) }
        case .dropQuota(let change):
            guard quota(of: change.subject) != nil else { throw .noLimits(change.subject) }
            return [try dated(.quotaRemoved(change), at: now)]
        case .joinGroup(let change):
            return try join(change).map { event throws(Rejection) in try dated(event, at: now) }
        case .leaveGroup(let change):
            guard groups[change.user]?.contains(change.group) == true
            else { throw .notMember(change.user, change.group) }
            return [try dated(.groupLeft(change), at: now)]
        case .copyChanges(let recorded, let origin, let own):
            return copies(of: recorded, from: origin, to: own, at: now)
        case .publishPrices(let published):
            return published.priceBook == priceBook ? [] : [.pricesPublished(published)]
        case .startDispatch(let started): return try start(started, at: now, in: scope)
        case .rejectDispatch(let rejected):
            guard dispatches[rejected.dispatch.dispatchID] == nil
            else { throw .alreadyStarted(rejected.dispatch.dispatchID) }
            guard rejected.queuedMilliseconds >= 0 else { throw .negative }
            return [.dispatchRejected(rejected)]
        case .completeDispatch(let report):
            return withCrossings(.dispatchCompleted(try completed(report)), at: now)
        case .abandonDispatch(let id, let reason):
            return withCrossings(.dispatchCompleted(try abandoned(id, reason, at: now)), at: now)
        case .receiveAlert(let alert): return isKnown(alert) ? [] : [.alertReceived(alert)]
        case .changeContainer(let change): return try judge(change).map { [$0] } ?? []
        case .reportUsage(let report):
            return try judge(report).map { withCrossings($0, at: now) } ?? []
        case .adjustCosts(let adjustments, let last): return try judge(adjustments, after: last)
        case .grantLeases(let leases): return grant(leases, at: now)
        case .fitLeases(let keys): return fit(keys, at: now)
        case .reconcile(let result): return try judge(result, at: now)
        }
    }

    /// The user's figures in the windows of UTC that `now` falls in.
    package func budget(of user: UserID, at now: Timestamp) -> Budget {
        let today = max(now, lastTimestamp).day
        return (budgets[user] ?? Budget(today)).rolled(to: today)
    }

    private func admit(
        _ event: CallReserved, at now: Timestamp, in scope: BudgetScope
    ) throws(Rejection) -> [Event] {
        let asked = Metered(cost: event.reserved, tokens: event.reservedTokens, requests: 1)
        let payers = payers(event.call.user, model: event.call.model)
        let verdict = try judge(asked, of: payers, at: now, in: scope)
        guard let limit = verdict.limit else { return verdict.events + [.callReserved(event)] }
        return verdict.events + [
            .callRejected(
                CallRejected(
                    call: event.call, limit: limit, requested: event.reserved,
                    requestedTokens: event.reservedTokens))
        ]
    }

    /// `event`, and the thresholds that it crosses.
    func withCrossings(_ event: Event, at now: Timestamp) -> [Event] {
        [event] + crossings(causedBy: event, at: now)
    }
}
