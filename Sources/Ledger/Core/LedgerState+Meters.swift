/// What is used of the limits that calls fall under.
extension LedgerState {
    /// Adds to, or with negative figures credits, the windows of `time` of all of `payers`, where those
    /// windows are still current; a window that has ended stays as it was.
    ///
    /// - Complexity: in the limits that the call falls under, not in all.
    package mutating func charge(_ payers: Payers, _ cost: Cost, tokens: Int64, at time: Timestamp) {
        adjust(payers, by: cost.charged, tokens: tokens, at: time)
    }

    /// Adds `amount` and `tokens`, credits when negative, to the windows of `time` that are still current,
    /// in the limits that count what began at `position`; at the last one, in all that are there.
    package mutating func adjust(
        _ payers: Payers, by amount: Money, tokens: Int64, at time: Timestamp,
        from position: Position = Position(.max)
    ) {
        spend(payers.user, amount, tokens: tokens, at: time)
        let spent = Metered(cost: amount, tokens: tokens)
        let now = max(time, lastTimestamp)
        eachMetered(payers) { state, subject in
            state.meters[subject]?.roll(to: now)
            state.meters[subject]?.spend(spent, at: time, from: position)
        }
    }

    /// Counts what an open call holds.
    mutating func meter(_ reservation: Reservation) {
        let now = lastTimestamp
        eachMetered(reservation.payers) { state, subject in
            state.meters[subject]?.roll(to: now)
            state.meters[subject]?.hold(reservation.held)
        }
    }

    /// Counts `used` instead of what an open call held, in the windows that it was made in.
    mutating func endMetering(_ reservation: Reservation, using used: Metered) {
        eachMetered(reservation.payers) { state, subject in
            state.meters[subject]?.settle(reservation, using: used)
        }
    }

    /// Gives each of `payers` that may have meters to `body`.
    private mutating func eachMetered(_ payers: Payers, _ body: (inout LedgerState, QuotaSubject) -> Void) {
        guard !meters.isEmpty else { return }
        body(&self, .user(payers.user))
        guard !sharedQuotas.isEmpty else { return }
        payers.eachShared { body(&self, $0) }
    }

    /// The meters of `subject` in the windows that `now` falls in.
    package func meters(of subject: QuotaSubject, at now: Timestamp) -> [Meter] {
        meters[subject]?.rolled(to: max(now, lastTimestamp)) ?? []
    }

    /// The limits of `subject`.
    package func quota(of subject: QuotaSubject) -> Quota? {
        subject.user.map { quotas[$0] } ?? sharedQuotas[subject]
    }

    /// What is left of the tightest money limit that a call of `payers` falls under; nil: there is none.
    package func moneyLeft(to payers: Payers, at now: Timestamp) -> Money? {
        var least: Int128?
        func look(_ subject: QuotaSubject) {
            for meter in meters(of: subject, at: now) where meter.limit.measure == .cost {
                least = min(
                    least ?? .max, meter.limit.amount.clampedSum(-meter.used.clampedSum(meter.reserved)))
            }
        }
        look(.user(payers.user))
        if !sharedQuotas.isEmpty { payers.eachShared(look) }
        return least.map { Money(attos: $0) }
    }
}

extension SubjectMeters {
    mutating func hold(_ held: Metered) {
        for index in meters.indices { meters[index].hold(held[meters[index].limit.measure]) }
    }

    mutating func settle(_ reservation: Reservation, using used: Metered) {
        let held = reservation.held
        for index in meters.indices where meters[index].counts(reservation) {
            let measure = meters[index].limit.measure
            meters[index].settle(holding: held[measure], using: used[measure])
        }
    }

    mutating func spend(_ amounts: Metered, at time: Timestamp, from position: Position) {
        for index in meters.indices where meters[index].counts(from: position, at: time) {
            meters[index].settle(holding: 0, using: amounts[meters[index].limit.measure])
        }
    }
}
