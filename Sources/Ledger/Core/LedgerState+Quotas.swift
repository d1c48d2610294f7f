/// Limits, groups and crossings, folded in.
extension LedgerState {
    mutating func keep(_ event: QuotaSet, at position: Position) {
        if event.subject != .unknownUsers {
            meters[event.subject] = opened(
                event.quota, for: event.subject, at: lastTimestamp, position: position)
        } else {
            pattern = position
        }
        guard let user = event.subject.user else {
            if case .model(let model) = event.subject { keepNames(of: model, event.quota) }
            sharedQuotas[event.subject] = event.quota
            return
        }
        quotas[user] = event.quota
        patterned[user] = event.pattern
    }

    mutating func keep(_ event: QuotaRemoved) {
        meters[event.subject] = nil
        if event.subject == .unknownUsers { pattern = nil }
        guard let user = event.subject.user else {
            if case .model(let model) = event.subject { keepNames(of: model, nil) }
            sharedQuotas[event.subject] = nil
            return
        }
        quotas[user] = nil
        patterned[user] = nil
    }

    mutating func keep(_ event: ThresholdCrossed) {
        let place = meters[event.subject]?.meters.firstIndex {
            $0.limit.measure == event.limit.measure && $0.limit.window == event.limit.window
        }
        guard let place else { return }
        meters[event.subject]?.roll(to: lastTimestamp)
        guard let crossed = meters[event.subject]?.meters[place].crossed else { return }
        meters[event.subject]?.meters[place].crossed = max(crossed, event.threshold)
    }

    // MARK: Meters of new limits

    /// The meters of `quota`, with what is known to be used in the windows that `now` falls in.
    ///
    /// Nobody gets a window anew by a change: what was counted goes on to count. A limit in a kind of window
    /// that was not counted before begins at nothing, but for a user's days and months of UTC, which always
    /// are.
    func opened(
        _ quota: Quota, for subject: QuotaSubject, at now: Timestamp, position: Position
    ) -> SubjectMeters {
        let known = meters[subject]
        let before = known?.rolled(to: now) ?? []
        let meters = quota.allLimits.map { limit in
            let window = quota.calendar.window(limit.window, at: now)
            var meter = Meter(
                limit, thresholds: limit.thresholds ?? quota.thresholds, from: now, to: window.upperBound)
            let same = before.first { $0.limit.measure == limit.measure && $0.limit.window == limit.window }
            if let same {
                meter.take(same)
                let isSame = known?.calendar == quota.calendar && same.limit.amount == limit.amount
                meter.crossed = isSame ? same.crossed : 0
                // What was leased of another limit is not leased of this one.
                let isAnother = same.limit.amount != limit.amount
                if meter.end == same.end {
                    meter.leased = isAnother ? min(same.leased, same.inUse) : same.leased
                }
            } else if let user = subject.user, limit.measure != .requests, limit.window != .hour {
                let budget = budget(of: user, at: now)
                meter.take(limit.window == .month ? budget.month : budget.day)
            } else {
                meter.since = position
            }
            return meter
        }
        return SubjectMeters(calendar: quota.calendar, meters: meters)
    }
}

extension Meter {
    fileprivate mutating func take(_ before: Meter) {
        start = before.start
        since = before.since
        used = before.used
        reserved = before.reserved
    }

    fileprivate mutating func take(_ window: BudgetWindow) {
        start = window.start.start
        used = limit.measure == .cost ? window.used.attos : Int128(window.tokens)
        reserved = limit.measure == .cost ? window.reserved.attos : Int128(window.reservedTokens)
    }
}
