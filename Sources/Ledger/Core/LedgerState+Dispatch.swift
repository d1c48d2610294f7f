/// Agent runs.
extension LedgerState {
    /// The open run that `call` belongs to.
    ///
    /// The name that a call carries is only a claim: one of another user's run links nothing.
    func openDispatch(of call: CallIdentity) -> UniqueID? {
        guard !dispatches.isEmpty, let text = call.dispatchID, let id = UniqueID(text.utf8),
            let open = dispatches[id], open.dispatch.user == call.user
        else { return nil }
        return id
    }

    /// What the run's linked calls come to: the ended ones as they were recorded, the open ones at what they
    /// hold.
    package func memo(of open: OpenDispatch) -> DispatchMemo {
        var memo = open.memo
        guard open.openCalls > 0 else { return memo }
        let id = open.dispatch.dispatchID
        let held = self.open.values.filter { $0.isLinked && openDispatch(of: $0.call) == id }
        for reservation in held.sorted(by: { $0.call.callID.bits < $1.call.callID.bits }) {
            let call = reservation.call
            memo.add(
                provider: call.provider, model: call.model, Usage(), .estimated(reservation.amount))
        }
        return memo
    }

    // MARK: Judging

    func start(
        _ started: DispatchStarted, at now: Timestamp, in scope: BudgetScope
    ) throws(Rejection) -> [Event] {
        let dispatch = started.dispatch
        guard dispatches[dispatch.dispatchID] == nil else { throw .alreadyStarted(dispatch.dispatchID) }
        guard started.queuedMilliseconds >= 0 else { throw .negative }
        // Whoever could not spend the least has nothing left.
        let least = Metered(cost: Money(attos: 1), tokens: 1, requests: 1)
        let payers = payers(dispatch.user, model: dispatch.requestModel ?? "")
        let verdict = try judge(least, of: payers, at: now, in: scope)
        guard let limit = verdict.limit else { return verdict.events + [.dispatchStarted(started)] }
        return verdict.events + [
            .dispatchRejected(
                DispatchRejected(
                    dispatch: dispatch, reason: .quota, limit: limit,
                    queuedMilliseconds: started.queuedMilliseconds))
        ]
    }

    func completed(_ report: DispatchReport) throws(Rejection) -> DispatchCompleted {
        guard let open = dispatches[report.dispatchID] else { throw .notStarted(report.dispatchID) }
        guard report.isPlausible else { throw .negative }
        return DispatchCompleted(
            report, of: open.dispatch, calls: open.linkedCalls, comingTo: memo(of: open))
    }

    func abandoned(
        _ id: UniqueID, _ reason: ExpiryReason, at now: Timestamp
    ) throws(Rejection) -> DispatchCompleted {
        guard let open = dispatches[id] else { throw .notStarted(id) }
        let micros = max(now, lastTimestamp).microseconds - open.startedAt.microseconds
        var event = DispatchCompleted(
            dispatch: open.dispatch, billing: open.linkedCalls > 0 ? .proxied : .direct, result: .error,
            reason: reason.rawValue, calls: open.linkedCalls, usageSource: .none,
            cost: .unpriced(holding: .zero), priceBook: priceBook ?? "",
            durationMilliseconds: max(micros / 1000, 0), prompt: open.prompt)
        if open.linkedCalls > 0 { event.describe(memo(of: open)) }
        return event
    }

    // MARK: Folding

    /// Counts a linked call that has ended in its run, if that is still open.
    mutating func link(_ call: CallIdentity, _ usage: Usage, _ cost: Cost, _ reservation: Reservation) {
        guard let id = openDispatch(of: reservation.call), dispatches[id]?.openCalls != 0 else { return }
        dispatches[id]?.end(call, usage, cost, holding: reservation.amount)
    }
}
