/// Limits: setting and judging them.
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
    /// - Throws: ``Rejection/notLeased(_:)`` where `scope` says so.
    /// - Complexity: in the limits that the call falls under, not in all.
    func judge(
        _ asked: Metered, of payers: Payers, at time: Timestamp, in scope: BudgetScope
    ) throws(Rejection) -> Verdict {
        let now = max(time, lastTimestamp)
        var verdict = Verdict()
        var needs: [LeaseNeed] = []
        var quota = quotas[payers.user]
        var meters = quota == nil ? nil : meters[.user(payers.user)]
        if let adoption = adoption(of: payers.user, at: now) {
            verdict.events = adoption.events
            quota = adoption.quota
            meters = adoption.meters
        }
        if let quota {
            verdict.limit = refusal(of: asked, quota, meters, .user(payers.user), now, scope, &needs)
        }
        if verdict.limit == nil, !sharedQuotas.isEmpty {
            payers.eachShared { subject in
                guard verdict.limit == nil, let quota = sharedQuotas[subject] else { return }
                verdict.limit = refusal(of: asked, quota, self.meters[subject], subject, now, scope, &needs)
            }
        }
        if verdict.limit == nil, !needs.isEmpty, case .shared(let shortage) = scope {
            try apply(shortage, of: needs, to: &verdict)
        }
        return verdict
    }

    /// What refuses a call that asks for `asked`; adds to `needs` what it would have to lease before.
    private func refusal(
        of asked: Metered, _ quota: Quota, _ subjectMeters: SubjectMeters?, _ subject: QuotaSubject,
        _ now: Timestamp, _ scope: BudgetScope, _ needs: inout [LeaseNeed]
    ) -> QuotaLimit? {
        let stranger = subject.user == nil ? subject : nil
        guard quota.isEnabled else {
            return QuotaLimit(
                kind: .disabled, limit: 0, used: 0, reserved: 0, retryAt: nil, subject: stranger)
        }
        guard let subjectMeters else { return nil }
        for stored in subjectMeters.meters {
            let meter = stored.rolled(to: now, in: subjectMeters.calendar)
            let amount = asked[meter.limit.measure]
            guard meter.admits(amount) else {
                return QuotaLimit(
                    kind: QuotaLimit.Kind(meter.limit.measure, meter.limit.window),
                    limit: meter.limit.amount, used: meter.used, reserved: meter.reserved,
                    retryAt: meter.end, subject: stranger)
            }
            guard scope != .own, !meter.leaseAdmits(amount) else { continue }
            needs.append(meter.need(of: subject, asked: amount))
        }
        return nil
    }

    /// The limits that a user is to have from now on, where they are not the recorded ones.
    struct Adoption {
        /// What records them.
        let events: [Event]
        /// The limits; nil: none.
        var quota: Quota?
        /// What is used of them.
        var meters: SubjectMeters?
    }

    /// What has to be recorded before `user` is judged: the limits of the pattern for unknown users.
    func adoption(of user: UserID, at now: Timestamp) -> Adoption? {
        guard quotas[user] == nil || !patterned.isEmpty, let change = patternChange(for: user)
        else { return nil }
        guard case .quotaSet(let event) = change else { return Adoption(events: [change]) }
        let opened = opened(event.quota, for: event.subject, at: now, position: Position(0))
        return Adoption(
            events: [change] + crossings(of: event.subject, opened)
                + leaseChanges(of: event.subject, opened, at: now), quota: event.quota, meters: opened)
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
        let events = withCrossings(.quotaSet(change), at: now)
        guard change.subject != .unknownUsers else { return events }
        let now = max(now, lastTimestamp)
        let opened = opened(change.quota, for: change.subject, at: now, position: Position(0))
        return events + leaseChanges(of: change.subject, opened, at: now)
    }

    func join(_ change: GroupJoined) throws(Rejection) -> [Event] {
        let known = groups[change.user] ?? []
        guard !known.contains(change.group) else { return [] }
        guard known.count < Self.groupsMax, groups[change.user] != nil || groups.count < Self.quotasMax
        else { throw .tooMany }
        return [.groupJoined(change)]
    }
}
