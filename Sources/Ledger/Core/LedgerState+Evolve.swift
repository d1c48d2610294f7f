extension LedgerState {
    /// Folds one recorded event in; total, because recorded events are facts.
    package mutating func evolve(_ recorded: RecordedEvent) {
        lastTimestamp = max(lastTimestamp, recorded.timestamp)
        switch recorded.event {
        case .callReserved(let event): reserve(event, at: recorded.position)
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
        case .quotaSet(let event):
            keep(event, at: recorded.position)
            keepStamp(of: recorded)
        case .quotaRemoved(let event):
            keep(event)
            keepStamp(of: recorded)
        case .groupJoined(let event):
            groups.join(event.user, event.group)
            keepStamp(of: recorded)
        case .groupLeft(let event):
            groups.leave(event.user, event.group)
            keepStamp(of: recorded)
        case .thresholdCrossed(let event): keep(event)
        case .pricesPublished(let event): priceBook = event.priceBook
        case .dispatchStarted(let event):
            dispatches[event.dispatch.dispatchID] = OpenDispatch(event, at: recorded.timestamp)
        case .dispatchCompleted(let event):
            dispatches[event.dispatch.dispatchID] = nil
            guard event.billing == .direct else { break }
            charge(
                payers(event.dispatch.user, model: event.model), event.cost,
                tokens: event.usage.inputTokens &+ event.usage.outputTokens, at: lastTimestamp)
        case .dispatchRejected: break
        case .alertReceived(let event): keep(KnownAlert(alert: event, position: recorded.position))
        case .containerChanged(let event): keep(event, at: recorded.timestamp)
        case .usageReported(let event): keep(event, at: recorded.position)
        case .costAdjusted(let event): keep(event, at: recorded.position)
        case .leaseSet(let event): keep(event)
        case .usageReconciled(let event):
            keep(
                KnownReconciliation(
                    result: event, position: recorded.position, recordedAt: recorded.timestamp))
        }
    }

    private mutating func reserve(_ event: CallReserved, at position: Position) {
        let dispatch = openDispatch(of: event.call)
        if let dispatch { dispatches[dispatch]?.hold(event.reserved) }
        let reservation = Reservation(
            call: event.call, amount: event.reserved, tokens: event.reservedTokens,
            position: position, madeAt: lastTimestamp, groups: groups[event.call.user] ?? [],
            models: limitedModels(of: event.call.model), isLinked: dispatch != nil)
        open[event.call.callID] = reservation
        hold(reservation, on: lastTimestamp.day)
        meter(reservation)
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
        settle(reservation, amount, tokens)
        let used = Metered(cost: amount, tokens: tokens ?? reservation.tokens, requests: 1)
        endMetering(reservation, using: used)
        return reservation
    }
}
