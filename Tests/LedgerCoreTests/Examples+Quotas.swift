import LedgerCore
import Testing

/// Limits of every subject, and the other events of limits.
extension Examples {
    static func sharedQuotas() throws -> [QuotaSet] {
        let red = try #require(GroupName("red"))
        let casablanca = try #require(
            ZoneRule(
                name: "Africa/Casablanca", rule: "XXX-1",
                transitions: [
                    ZoneTransition(at: 1_774_749_600, offset: 3_600),
                    ZoneTransition(at: 1_802_570_400, offset: 0),
                ]))
        let rules = Quota(
            limits: [
                Limit(.cost, .week, amount: try usd("250.5").attos, thresholds: [75, 90]),
                Limit(.tokens, .hour, amount: 1_000_000, thresholds: []),
                Limit(.requests, .month, amount: 10_000),
            ],
            calendar: QuotaCalendar(zone: casablanca, weekStart: 7), thresholds: [50, 80, 100])
        let berlin = try #require(
            ZoneRule(name: "Europe/Berlin", rule: "CET-1CEST,M3.5.0,M10.5.0/3"))
        let pattern = Quota(dailyLimit: try usd("2"), calendar: QuotaCalendar(zone: berlin))
        return [
            QuotaSet(subject: .group(red), quota: rules, actor: "admin", reason: "the team spends less"),
            QuotaSet(subject: .model("gpt-5"), quota: Quota(isEnabled: false), actor: "admin"),
            QuotaSet(
                subject: .model("claude-opus-4-5"),
                quota: Quota(dailyLimit: try usd("50"), names: ["claude-4.5-opus", "claude-opus-4.5"]),
                actor: "admin"),
            QuotaSet(subject: .global, quota: Quota(monthlyLimit: try usd("1000")), actor: "admin"),
            QuotaSet(subject: .unknownUsers, quota: pattern, actor: "admin"),
            QuotaSet(
                subject: .user(try user("alice")), quota: pattern, actor: "default", pattern: Position(45)),
            QuotaSet(subject: .global, quota: Quota(), actor: "admin", source: try copied(17)),
        ]
    }

    /// Where an example was made that another journal has at `position`.
    static func copied(_ position: Int64) throws -> ChangeSource {
        ChangeSource(
            madeAt: try moment("2026-11-24T09:30:00.5Z"),
            copiedFrom: CopiedEvent(origin: "proxy-2", position: Position(position)))
    }

    static func quotaEvents(of type: EventType) throws -> [Event] {
        let alice = try user("alice")
        let red = try #require(GroupName("red"))
        switch type {
        case .groupJoined:
            return [
                .groupJoined(
                    GroupJoined(user: alice, group: red, actor: "admin", reason: "she spends for it")),
                .groupJoined(GroupJoined(user: alice, group: red, actor: "admin")),
                .groupJoined(GroupJoined(user: alice, group: red, actor: "admin", source: try copied(19))),
            ]
        case .groupLeft:
            return [
                .groupLeft(
                    GroupLeft(user: alice, group: red, actor: "admin", reason: "she spends elsewhere")),
                .groupLeft(
                    GroupLeft(
                        user: alice, group: red, actor: "admin",
                        source: ChangeSource(madeAt: try moment("2026-11-24T09:30:00.500001Z")))),
                .groupLeft(GroupLeft(user: alice, group: red, actor: "admin", source: try copied(20))),
            ]
        case .leaseSet:
            let end = try moment("2026-11-25T00:00:00Z")
            return [
                .leaseSet(
                    LeaseSet(
                        key: LeaseKey(subject: .user(alice), measure: .cost, window: .day, windowEnd: end),
                        limit: try usd("10").attos, leased: try usd("2.5").attos, cause: .granted)),
                .leaseSet(
                    LeaseSet(
                        key: LeaseKey(
                            subject: .group(red), measure: .requests, window: .hour, windowEnd: end),
                        limit: 50, leased: 7, cause: .fitted)),
            ]
        default:
            let limits = [
                Limit(.cost, .day, amount: try usd("10").attos), Limit(.requests, .hour, amount: 50),
            ]
            let subjects: [QuotaSubject] = [.user(alice), .group(red)]
            return try zip(subjects, limits).map { subject, limit in
                .thresholdCrossed(
                    ThresholdCrossed(
                        subject: subject, limit: limit, threshold: 80, used: limit.amount * 4 / 5,
                        windowStart: try moment("2026-11-24T22:00:00Z"),
                        windowEnd: try moment("2026-11-24T23:00:00Z")))
            }
        }
    }
}
