/// What this journal may spend of limits that it shares with others.
extension LedgerState {
    /// What is leased, used and held of `key`'s limit; nil: there is no such limit, or another window has
    /// begun.
    package func meter(of key: LeaseKey, at now: Timestamp) -> Meter? {
        guard let known = meters[key.subject] else { return nil }
        let stored = known.meters.first {
            $0.limit.measure == key.measure && $0.limit.window == key.window
        }
        let meter = stored?.rolled(to: max(now, lastTimestamp), in: known.calendar)
        return meter?.end == key.windowEnd ? meter : nil
    }

    /// The limits of which something is leased, or in use without a lease.
    ///
    /// - Complexity: in all limits.
    package func leases(at now: Timestamp) -> [LeaseKey: Meter] {
        var found: [LeaseKey: Meter] = [:]
        for subject in meters.keys { found.merge(leases(of: subject, at: now)) { $1 } }
        return found
    }

    /// The same of one subject.
    package func leases(of subject: QuotaSubject, at now: Timestamp) -> [LeaseKey: Meter] {
        let current = meters(of: subject, at: now).filter { $0.leased != 0 || $0.inUse != 0 }
        return Dictionary(current.map { ($0.key(of: subject), $0) }) { $1 }
    }

    // MARK: Judging

    /// The events for what PostgreSQL granted.
    func grant(_ leases: [LeaseSet], at time: Timestamp) -> [Event] {
        let now = max(time, lastTimestamp)
        var events: [Event] = []
        var adopted: [UserID: SubjectMeters] = [:]
        for lease in leases where lease.leased >= 0 {
            // The limits of a user who gets them from the pattern are recorded before anything is leased.
            if let user = lease.key.subject.user, adopted[user] == nil,
                let adoption = adoption(of: user, at: now), let meters = adoption.meters
            {
                adopted[user] = meters
                events += adoption.events
            }
            let own = lease.key.subject.user.flatMap { adopted[$0] }
            let meter =
                own.map { $0.meters.first { $0.key(of: lease.key.subject) == lease.key } }
                ?? meter(of: lease.key, at: now)
            // Granted of a limit that was lowered meanwhile it may be others' by now: the next claim says so.
            if let meter, lease.limit > meter.limit.amount { continue }
            // What was overridden meanwhile stays: PostgreSQL hears of it with the next claim.
            let leased = max(lease.leased, meter?.leased ?? 0)
            events.append(
                .leaseSet(LeaseSet(key: lease.key, limit: lease.limit, leased: leased, cause: .granted)))
        }
        return events
    }

    /// What is recorded of leases when the limits of `subject` become those of `opened`: what was leased of
    /// another limit is not leased of this one.
    func leaseChanges(of subject: QuotaSubject, _ opened: SubjectMeters, at now: Timestamp) -> [Event] {
        opened.meters.compactMap { new in
            let key = new.key(of: subject)
            guard let old = meter(of: key, at: now), old.leased != new.leased else { return nil }
            return .leaseSet(
                LeaseSet(key: key, limit: new.limit.amount, leased: new.leased, cause: .fitted))
        }
    }

    /// The events that make each lease of `keys` what is in use.
    func fit(_ keys: [LeaseKey], at now: Timestamp) -> [Event] {
        keys.compactMap { key in
            guard let meter = meter(of: key, at: now), meter.leased != meter.inUse else { return nil }
            return .leaseSet(
                LeaseSet(key: key, limit: meter.limit.amount, leased: meter.inUse, cause: .fitted))
        }
    }

    /// Makes `verdict` what `shortage` says of calls that need `needs`.
    func apply(
        _ shortage: BudgetScope.Shortage, of needs: [LeaseNeed], to verdict: inout Verdict
    ) throws(Rejection) {
        switch shortage {
        case .ask: throw .notLeased(needs)
        case .refuse(let shortage, let until):
            verdict.limit = needs.first?.refusal(shortage, until: until)
        case .override:
            verdict.events += needs.map { need in
                .leaseSet(
                    LeaseSet(
                        key: need.key, limit: need.limit, leased: need.inUse.clampedSum(need.asked),
                        cause: .overridden))
            }
        }
    }

    // MARK: Folding

    mutating func keep(_ event: LeaseSet) {
        meters[event.key.subject]?.roll(to: lastTimestamp)
        let place = meters[event.key.subject]?.meters.firstIndex {
            $0.limit.measure == event.key.measure && $0.limit.window == event.key.window
                && $0.end == event.key.windowEnd
        }
        if let place { meters[event.key.subject]?.meters[place].leased = event.leased }
    }
}

extension Meter {
    /// What is used, and what open calls hold.
    package var inUse: Int128 { max(used.clampedSum(reserved), 0) }

    /// Whether `amount` fits into what is leased.
    func leaseAdmits(_ amount: Int128) -> Bool { used.clampedSum(reserved).clampedSum(amount) <= leased }

    func key(of subject: QuotaSubject) -> LeaseKey {
        LeaseKey(subject: subject, measure: limit.measure, window: limit.window, windowEnd: end)
    }

    func need(of subject: QuotaSubject, asked: Int128) -> LeaseNeed {
        LeaseNeed(
            key: key(of: subject), limit: limit.amount, leased: leased, inUse: inUse, asked: asked)
    }
}

extension LeaseNeed {
    /// What a call is told that cannot have it: what others hold counts as used.
    fileprivate func refusal(_ shortage: LeaseShortage, until: Timestamp?) -> QuotaLimit {
        QuotaLimit(
            kind: QuotaLimit.Kind(key.measure, key.window), limit: limit,
            used: max(limit.clampedSum(-leased), 0), reserved: inUse, retryAt: until ?? key.windowEnd,
            subject: key.subject.user == nil ? key.subject : nil, shortage: shortage)
    }
}
