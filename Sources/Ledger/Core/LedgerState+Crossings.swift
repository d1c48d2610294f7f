/// Thresholds of limits: what is recorded when one is reached.
extension LedgerState {
    /// The crossings that are recorded directly behind `event`, which is the next one after this state.
    ///
    /// They depend on what is recorded alone: `decide` records them, and whoever reads a journal can tell
    /// whether they are there.
    package func crossings(causedBy event: Event, at now: Timestamp) -> [Event] {
        switch event {
        case .callSettled(let event):
            guard let reservation = open[event.call.callID] else { return [] }
            let tokens = event.usage.inputTokens &+ event.usage.outputTokens
            return crossings(
                reservation, Metered(cost: event.cost.charged, tokens: tokens, requests: 1), now)
        case .callExpired(let event):
            guard let reservation = open[event.call.callID] else { return [] }
            return crossings(reservation, reservation.held, now)
        case .dispatchCompleted(let event) where event.billing == .direct:
            let tokens = event.usage.inputTokens &+ event.usage.outputTokens
            return crossings(
                of: payers(event.dispatch.user, model: event.model),
                Metered(cost: event.cost.charged, tokens: tokens), at: now
            ) { _ in true }
        case .usageReported(let event):
            let tokens = event.usage.inputTokens &+ event.usage.outputTokens
            return crossings(
                of: payers(event.user, model: event.model),
                Metered(cost: event.cost.charged, tokens: tokens), at: now
            ) { _ in true }
        case .quotaSet(let event) where event.subject != .unknownUsers:
            let opened = opened(
                event.quota, for: event.subject, at: max(now, lastTimestamp), position: Position(0))
            return crossings(of: event.subject, opened)
        default: return []
        }
    }

    /// What is recorded when `subject` gets limits with the meters `opened`.
    func crossings(of subject: QuotaSubject, _ opened: SubjectMeters) -> [Event] {
        opened.meters.flatMap { Self.crossings(of: subject, $0, with: 0) }
    }

    /// What is recorded when `reservation` ends and comes to `used`.
    private func crossings(_ reservation: Reservation, _ used: Metered, _ now: Timestamp) -> [Event] {
        crossings(of: reservation.payers, used, at: now) { $0.counts(reservation) }
    }

    private func crossings(
        of payers: Payers, _ spent: Metered, at time: Timestamp, where isCounted: (Meter) -> Bool
    ) -> [Event] {
        guard !meters.isEmpty else { return [] }
        let now = max(time, lastTimestamp)
        var events: [Event] = []
        func look(_ subject: QuotaSubject) {
            guard let known = meters[subject] else { return }
            for stored in known.meters where !stored.thresholds.isEmpty {
                let meter = stored.rolled(to: now, in: known.calendar)
                guard isCounted(meter) else { continue }
                events += Self.crossings(of: subject, meter, with: spent[meter.limit.measure])
            }
        }
        look(.user(payers.user))
        if !sharedQuotas.isEmpty { payers.eachShared(look) }
        return events
    }

    private static func crossings(
        of subject: QuotaSubject, _ meter: Meter, with amount: Int128
    ) -> [Event] {
        meter.crossings(with: amount).map { threshold in
            .thresholdCrossed(
                ThresholdCrossed(
                    subject: subject, limit: meter.limit, threshold: threshold,
                    used: meter.used.clampedSum(amount), windowStart: meter.start, windowEnd: meter.end))
        }
    }
}
