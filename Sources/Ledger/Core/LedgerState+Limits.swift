/// Limits: setting, judging and crossing them.
extension LedgerState {
    /// What a call that asks for so much is told.
    struct Verdict {
        /// What has to be recorded before its answer: limits that the user gets from the pattern.
        var events: [Event] = []
        /// The first limit that it would break; nil: it may go.
        var limit: QuotaLimit?
    }

    /// Judges what a call asks for by all limits that it falls under: the user's, the groups', the model's,
    /// and those of all.
    ///
    /// - Complexity: in the limits that the call falls under, not in all.
    func judge(_ asked: Metered, of payers: Payers, at time: Timestamp) -> Verdict {
        let now = max(time, lastTimestamp)
        var verdict = Verdict()
        var quota = quotas[payers.user]
        var meters = quota == nil ? nil : meters[.user(payers.user)]
        if quota == nil || !patterned.isEmpty, let change = patternChange(for: payers.user) {
            verdict.events = [change]
            quota = nil
            if case .quotaSet(let event) = change {
                quota = event.quota
                let opened = opened(event.quota, for: event.subject, at: now, position: Position(0))
                meters = opened
                verdict.events += crossings(of: event.subject, opened)
            }
        }
        if let quota { verdict.limit = Self.refusal(of: asked, quota, meters, nil, now) }
        guard verdict.limit == nil, !sharedQuotas.isEmpty else { return verdict }
        payers.eachShared { subject in
            guard verdict.limit == nil, let quota = sharedQuotas[subject] else { return }
            verdict.limit = Self.refusal(of: asked, quota, self.meters[subject], subject, now)
        }
        return verdict
    }

    private static func refusal(
        of asked: Metered, _ quota: Quota, _ subjectMeters: SubjectMeters?, _ subject: QuotaSubject?,
        _ now: Timestamp
    ) -> QuotaLimit? {
        guard quota.isEnabled else {
            return QuotaLimit(
                kind: .disabled, limit: 0, used: 0, reserved: 0, retryAt: nil, subject: subject)
        }
        guard let subjectMeters else { return nil }
        for stored in subjectMeters.meters {
            let meter = stored.rolled(to: now, in: subjectMeters.calendar)
            if meter.admits(asked[meter.limit.measure]) { continue }
            return QuotaLimit(
                kind: QuotaLimit.Kind(meter.limit.measure, meter.limit.window), limit: meter.limit.amount,
                used: meter.used, reserved: meter.reserved, retryAt: meter.end, subject: subject)
        }
        return nil
    }

    /// The change that brings the user's limits to the pattern for unknown users, where they are from it;
    /// nil: there is nothing to change.
    private func patternChange(for user: UserID) -> Event? {
        if quotas[user] != nil {
            guard let from = patterned[user], from != pattern else { return nil }
        }
        guard let pattern, let quota = sharedQuotas[.unknownUsers] else {
            guard quotas[user] != nil else { return nil }
            return .quotaRemoved(QuotaRemoved(subject: .user(user), actor: Self.patternActor))
        }
        return .quotaSet(
            QuotaSet(subject: .user(user), quota: quota, actor: Self.patternActor, pattern: pattern))
    }

    /// Who sets limits of users that nobody has set any for.
    package static let patternActor = "default"
    /// The most groups and models that have limits.
    package static let sharedQuotasMax = 10_000
    /// The most users for whom somebody set limits.
    package static let quotasMax = 2_000_000
    /// The most groups that one user is in.
    package static let groupsMax = 8

    // MARK: Setting

    func set(_ change: QuotaSet, at now: Timestamp) throws(Rejection) -> [Event] {
        guard change.quota.isPlausible else { throw .negative }
        let isNew = quota(of: change.subject) == nil
        let isFull =
            change.subject.user == nil
            ? sharedQuotas.count >= Self.sharedQuotasMax : quotas.count >= Self.quotasMax
        guard !isNew || !isFull else { throw .tooMany }
        let event = Event.quotaSet(change)
        guard change.subject != .unknownUsers else { return [event] }
        let opened = opened(
            change.quota, for: change.subject, at: max(now, lastTimestamp), position: Position(0))
        return [event] + crossings(of: change.subject, opened)
    }

    func join(_ change: GroupJoined) throws(Rejection) -> [Event] {
        let known = groups[change.user] ?? []
        guard !known.contains(change.group) else { return [] }
        guard known.count < Self.groupsMax, groups[change.user] != nil || groups.count < Self.quotasMax
        else { throw .tooMany }
        return [.groupJoined(change)]
    }

    // MARK: Crossing

    /// What is recorded when `spent` more is used by `payers` now.
    func crossings(of payers: Payers, _ spent: Metered, at now: Timestamp) -> [Event] {
        crossings(of: payers, spent, at: now) { _ in true }
    }

    /// What is recorded when `reservation` ends and comes to `used`.
    func crossings(_ reservation: Reservation, _ used: Metered, _ now: Timestamp) -> [Event] {
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

    private func crossings(of subject: QuotaSubject, _ opened: SubjectMeters) -> [Event] {
        opened.meters.flatMap { Self.crossings(of: subject, $0, with: 0) }
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
