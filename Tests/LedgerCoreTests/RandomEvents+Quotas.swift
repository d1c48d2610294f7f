import LedgerCore
import Testing

/// Limits of every kind, and what refuses and crosses them.
extension RandomEvents {
    mutating func group() throws -> GroupName { try #require(GroupName(seed.pick(["red", "blue", "g:1"]))) }

    mutating func subject() throws -> QuotaSubject {
        switch seed.number(0...5) {
        case 0: .group(try group())
        case 1: .model(seed.pick(["claude-sonnet-4-5", "m"]))
        case 2: .global
        case 3: .unknownUsers
        default: .user(try user())
        }
    }

    mutating func amount(_ measure: LimitMeasure) -> Int128 {
        measure == .cost ? money().attos : Int128(count())
    }

    mutating func rule() -> Limit {
        let measure = seed.pick(LimitMeasure.allCases)
        return Limit(
            measure, seed.pick(LimitWindow.allCases), amount: amount(measure),
            thresholds: seed.pick([nil, [], [50], [1, 100]]))
    }

    mutating func zone() -> ZoneRule {
        let zones = [
            ZoneRule(name: "Europe/Berlin", rule: "CET-1CEST,M3.5.0,M10.5.0/3"),
            ZoneRule(name: "Asia/Kolkata", rule: "IST-5:30"),
            ZoneRule(
                name: "X/Y", rule: "<+01>-1",
                transitions: [ZoneTransition(at: -5, offset: -60), ZoneTransition(at: 7, offset: 3_600)]),
        ]
        return seed.pick(zones) ?? .utc
    }

    mutating func quotaSet() throws -> QuotaSet {
        QuotaSet(
            subject: try subject(),
            quota: Quota(
                dailyLimit: seed.once(in: 2) ? nil : money(), monthlyLimit: seed.once(in: 2) ? nil : money(),
                dailyTokens: seed.once(in: 2) ? nil : count(), isEnabled: seed.once(in: 2),
                limits: (0..<seed.pick([0, 0, 1, 3])).map { _ in rule() },
                calendar: QuotaCalendar(zone: zone(), weekStart: seed.number(1...7)),
                thresholds: seed.pick([[], [50, 80, 100]]), names: seed.pick([[], ["a", "b"]])),
            actor: text(), reason: optionalText(),
            pattern: seed.once(in: 3) ? Position(seed.number(1...99)) : nil, source: source())
    }

    mutating func source() -> ChangeSource? {
        guard seed.once(in: 2) else { return nil }
        let copied = CopiedEvent(
            origin: seed.pick(["proxy-2", "proxy-3"]), position: Position(seed.number(1...99)))
        return ChangeSource(madeAt: time(), copiedFrom: seed.once(in: 2) ? nil : copied)
    }

    mutating func limit() throws -> QuotaLimit {
        let kind = seed.pick(QuotaLimit.Kind.allCases)
        return QuotaLimit(
            kind: kind, limit: amount(kind.measure), used: amount(kind.measure),
            reserved: amount(kind.measure), retryAt: seed.once(in: 2) ? nil : time(),
            subject: seed.once(in: 2) ? nil : try subject(),
            shortage: seed.once(in: 2) ? nil : seed.pick(LeaseShortage.allCases))
    }

    mutating func leaseSet() throws -> LeaseSet {
        let rule = rule()
        let key = LeaseKey(
            subject: try subject(), measure: rule.measure, window: rule.window, windowEnd: time())
        return LeaseSet(
            key: key, limit: rule.amount, leased: amount(rule.measure), cause: seed.pick(LeaseCause.allCases))
    }

    mutating func crossed() throws -> ThresholdCrossed {
        let rule = rule()
        return ThresholdCrossed(
            subject: try subject(), limit: Limit(rule.measure, rule.window, amount: rule.amount),
            threshold: seed.number(1...100), used: amount(rule.measure), windowStart: time(),
            windowEnd: time())
    }
}
