import LedgerCore
import Testing

@Suite("LedgerState, limits of every subject")
struct LedgerStateQuotaTests {
    private let alice: UserID
    private let bob: UserID
    private let red: GroupName
    private var ledger: Recorder
    private var next = 1

    init() throws {
        alice = try user("alice")
        bob = try user("bob")
        red = try #require(GroupName("red"))
        ledger = try Recorder(at: "2026-11-24T22:00:00Z")
    }

    private mutating func reserve(
        _ user: UserID, _ cost: String, tokens: Int64 = 0, model: String = "m"
    ) throws -> CallIdentity {
        let call = call(next, of: user, model: model)
        next += 1
        try ledger.run(
            .reserve(
                call, Estimate(cost: try usd(cost), tokens: tokens), priceBook: "book", isPriced: true))
        return call
    }

    private mutating func set(_ subject: QuotaSubject, _ quota: Quota) throws {
        try ledger.run(.changeQuota(QuotaSet(subject: subject, quota: quota, actor: "admin")))
    }

    private func refusal() -> QuotaLimit? {
        guard case .callRejected(let event) = ledger.last else { return nil }
        return event.limit
    }

    private func quota(_ measure: LimitMeasure, _ window: LimitWindow, _ amount: Int128) -> Quota {
        Quota(limits: [Limit(measure, window, amount: amount)])
    }

    @Test("names of subjects are read back, and a bare name is a user's")
    func subjects() throws {
        let texts = ["user:alice", "user:group:x", "group:red", "model:meta/llama-3:8b", "global", "default"]
        for text in texts { #expect(QuotaSubject(text)?.text == text) }
        #expect(QuotaSubject("alice") == .user(alice))
        for text in ["", "_x", "group:", "group:_", "model:", "model:a b", "user:", "user:_"] {
            #expect(QuotaSubject(text) == nil)
        }
    }

    @Test("each kind of subject refuses in its own name, the user first")
    mutating func refusesInOrder() throws {
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin", reason: "new")))
        let cent = try usd("0.01").attos
        for subject in [QuotaSubject.global, .model("m"), .group(red), .user(alice)] {
            try set(subject, quota(.cost, .day, cent))
            _ = try reserve(alice, "0.02")
            #expect(refusal()?.subject == (subject == .user(alice) ? nil : subject))
            #expect(refusal()?.kind == .dailyCost)
            #expect(refusal()?.retryAt == (try moment("2026-11-25T00:00:00Z")))
        }
    }

    @Test("a group's members spend from one limit, and those outside do not")
    mutating func group() throws {
        try set(.group(red), quota(.cost, .day, try usd("10").attos))
        for member in [alice, bob] {
            try ledger.run(.joinGroup(GroupJoined(user: member, group: red, actor: "admin")))
        }
        _ = try reserve(alice, "6")
        _ = try reserve(bob, "5")
        #expect(refusal()?.subject == .group(red))
        _ = try reserve(try user("carol"), "50")
        #expect(refusal() == nil)
        try ledger.run(.leaveGroup(GroupLeft(user: bob, group: red, actor: "admin")))
        _ = try reserve(bob, "5")
        #expect(refusal() == nil)
    }

    @Test("a model's limits bind each of its names, with what is put around it, and no other model")
    mutating func names() throws {
        var limits = quota(.requests, .day, 6)
        limits.names = ["claude-4.5-opus", "claude-opus-4.5"]
        try set(.model("claude-opus-4-5"), limits)
        let spellings = [
            "claude-opus-4-5", "claude-opus-4.5", "claude-4.5-opus", "claude-opus-4-5-20251101",
            "claude-opus-4-5@20251101", "us.anthropic.claude-opus-4-5-20251101-v1:0",
        ]
        for name in spellings {
            _ = try reserve(alice, "1", model: name)
            #expect(ledger.last?.type == .callReserved, "\(name)")
        }
        for name in spellings + ["claude-opus-4-5-latest"] {
            _ = try reserve(bob, "1", model: name)
            #expect(refusal()?.subject == .model("claude-opus-4-5"), "\(name)")
        }
        for name in ["claude-opus-4-6", "claude-opus-4", "claude-opus-4-5-mini"] {
            _ = try reserve(bob, "1", model: name)
            #expect(ledger.last?.type == .callReserved, "\(name)")
        }
    }

    @Test("a call ends in the limits that it was reserved in, whatever names they have by then")
    mutating func namesChanged() throws {
        var limits = quota(.cost, .day, try usd("10").attos)
        limits.names = ["other"]
        try set(.model("m"), limits)
        let call = try reserve(alice, "4", model: "other")
        limits.names = []
        try set(.model("m"), limits)
        try ledger.run(.settle(settled(call, .priced(try usd("1")))))
        let meter = try #require(ledger.state.meters(of: .model("m"), at: ledger.now).first)
        #expect(meter.reserved == 0)
        #expect(meter.used == (try usd("1").attos))
        _ = try reserve(alice, "4", model: "other")
        #expect(ledger.state.meters(of: .model("m"), at: ledger.now).first?.reserved == 0)
    }

    @Test("limits of a model with a date bind that one alone")
    mutating func dated() throws {
        try set(.model("claude-opus-4-5-20251101"), quota(.requests, .day, 0))
        _ = try reserve(alice, "1", model: "anthropic.claude-opus-4-5-20251101-v1:0")
        #expect(refusal()?.kind == .dailyRequests)
        _ = try reserve(alice, "1", model: "claude-opus-4-5")
        #expect(ledger.last?.type == .callReserved)
        try ledger.run(
            .dropQuota(QuotaRemoved(subject: .model("claude-opus-4-5-20251101"), actor: "admin")))
        _ = try reserve(alice, "1", model: "claude-opus-4-5-20251101")
        #expect(ledger.last?.type == .callReserved)
    }

    @Test("who leaves a group settles in it what was reserved there")
    mutating func leaving() throws {
        try set(.group(red), quota(.cost, .day, try usd("10").attos))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin")))
        let first = try reserve(alice, "6")
        try ledger.run(.leaveGroup(GroupLeft(user: alice, group: red, actor: "admin")))
        try ledger.run(.settle(settled(first, .priced(try usd("4")))))
        let meter: Meter = try #require(ledger.state.meters(of: .group(red), at: ledger.now).first)
        #expect(meter.used == (try usd("4").attos))
        #expect(meter.reserved == 0)
        #expect(meter.left == (try usd("6").attos))
    }

    @Test("a user is in a few groups, in each once")
    mutating func memberships() throws {
        for number in 1...LedgerState.groupsMax {
            let group = try #require(GroupName("g\(number)"))
            for _ in 1...2 { try ledger.run(.joinGroup(GroupJoined(user: alice, group: group, actor: "a"))) }
        }
        #expect(ledger.events.count == LedgerState.groupsMax)
        #expect(
            ledger.rejection(of: .joinGroup(GroupJoined(user: alice, group: red, actor: "a"))) == .tooMany)
        #expect(
            ledger.rejection(of: .leaveGroup(GroupLeft(user: alice, group: red, actor: "a")))
                == .notMember(alice, red))
    }

    @Test("requests count when they are admitted, also those under way")
    mutating func requests() throws {
        try set(.user(alice), quota(.requests, .hour, 2))
        let first = try reserve(alice, "1")
        try ledger.run(.settle(settled(first, .priced(.zero))))
        _ = try reserve(alice, "1")
        _ = try reserve(alice, "1")
        let expected = QuotaLimit(
            kind: .hourlyRequests, limit: 2, used: 1, reserved: 1,
            retryAt: try moment("2026-11-24T23:00:00Z"))
        #expect(refusal() == expected)
        ledger.now = try moment("2026-11-24T23:00:00Z")
        _ = try reserve(alice, "1")
        #expect(refusal() == nil)
    }

    @Test("days are those of the quota's zone")
    mutating func zone() throws {
        // In New York the day of 2026-11-24 ends at 05:00 UTC.
        let rule = try #require(ZoneRule(name: "America/New_York", rule: "EST5EDT,M3.2.0,M11.1.0"))
        try set(.user(alice), Quota(dailyLimit: try usd("1"), calendar: QuotaCalendar(zone: rule)))
        _ = try reserve(alice, "1")
        ledger.now = try moment("2026-11-25T04:59:59.999999Z")
        _ = try reserve(alice, "1")
        #expect(refusal()?.retryAt == (try moment("2026-11-25T05:00:00Z")))
        ledger.now = try moment("2026-11-25T05:00:00Z")
        _ = try reserve(alice, "1")
        #expect(refusal() == nil)
    }

    @Test("another zone, and the same limits set again, give nobody a new window")
    mutating func noRefill() throws {
        let zones = [
            "EST5EDT,M3.2.0,M11.1.0", "<+14>-14", "<-12>12", "IST-5:30", "UTC0",
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        ]
        try set(.global, Quota(dailyLimit: try usd("1")))
        try set(.user(alice), Quota(dailyLimit: try usd("1")))
        let first = try reserve(alice, "0.6")
        for (number, text) in zones.enumerated() {
            let zone = try #require(ZoneRule(name: "A/B\(number)", rule: text))
            let quota = Quota(dailyLimit: try usd("1"), calendar: QuotaCalendar(zone: zone))
            for subject in [QuotaSubject.global, .user(alice)] {
                try set(subject, quota)
                let meter = try #require(ledger.state.meters(of: subject, at: ledger.now).first)
                #expect(meter.used + meter.reserved == (try usd("0.6").attos), "\(text)")
            }
            if number == 2 { try ledger.run(.settle(settled(first, .priced(try usd("0.6"))))) }
        }
        _ = try reserve(alice, "0.5")
        #expect(refusal()?.kind == .dailyCost)
    }

    @Test("a user's limit counts what the day and the month had before it was set")
    mutating func setLate() throws {
        let first = try reserve(alice, "3", tokens: 40)
        try ledger.run(.settle(settled(first, .priced(try usd("2")), input: 30)))
        _ = try reserve(alice, "1", tokens: 5)
        try set(
            .user(alice),
            Quota(
                dailyLimit: try usd("4"), monthlyLimit: try usd("9"), dailyTokens: 50,
                limits: [Limit(.requests, .day, amount: 5)]))
        let meters = ledger.state.meters(of: .user(alice), at: ledger.now)
        #expect(meters.map(\.used) == [try usd("2").attos, try usd("2").attos, 30, 0])
        #expect(meters.map(\.reserved) == [try usd("1").attos, try usd("1").attos, 5, 0])
    }

    @Test("calls that were open when a limit was set where none was counted do not end in it")
    mutating func openBefore() throws {
        let first = try reserve(alice, "3")
        try set(.global, quota(.cost, .week, try usd("4").attos))
        _ = try reserve(alice, "1")
        try ledger.run(.settle(settled(first, .priced(try usd("3")))))
        let meter = try #require(ledger.state.meters(of: .global, at: ledger.now).first)
        #expect(meter.used == 0)
        #expect(meter.reserved == (try usd("1").attos))
    }

    @Test("an unknown user gets the pattern's limits with the first call, and the second cannot pass them")
    mutating func unknownUser() throws {
        try set(.unknownUsers, Quota(dailyLimit: try usd("1")))
        _ = try reserve(alice, "0.7")
        _ = try reserve(alice, "0.7")
        #expect(refusal()?.kind == .dailyCost)
        #expect(ledger.events.map(\.event.type) == [.quotaSet, .quotaSet, .callReserved, .callRejected])
        guard case .quotaSet(let event) = ledger.events[1].event else { return }
        #expect(event.actor == LedgerState.patternActor)
        #expect(event.pattern == Position(1))
        #expect(event.user == alice)
    }

    @Test("a refused first call of an unknown user records the limits too")
    mutating func unknownRefused() throws {
        try set(.unknownUsers, Quota(isEnabled: false))
        _ = try reserve(alice, "0")
        #expect(ledger.events.map(\.event.type) == [.quotaSet, .quotaSet, .callRejected])
        #expect(refusal()?.kind == .disabled)
    }

    @Test("who has limits of their own keeps them, and others follow a new pattern")
    mutating func newPattern() throws {
        try set(.user(bob), Quota(dailyLimit: try usd("5")))
        try set(.unknownUsers, Quota(dailyLimit: try usd("1")))
        _ = try reserve(alice, "0.7")
        try set(.unknownUsers, Quota(dailyLimit: try usd("2")))
        _ = try reserve(alice, "0.7")
        #expect(refusal() == nil)
        #expect(ledger.state.quota(of: .user(alice))?.dailyLimit == (try usd("2")))
        _ = try reserve(bob, "4")
        #expect(refusal() == nil)
        try ledger.run(.dropQuota(QuotaRemoved(subject: .unknownUsers, actor: "admin")))
        _ = try reserve(alice, "100")
        #expect(refusal() == nil)
        #expect(ledger.state.quota(of: .user(alice)) == nil)
        #expect(ledger.state.quota(of: .user(bob)) != nil)
    }

    @Test("limits beyond their bounds are refused")
    func bounds() throws {
        let limit = Limit(.cost, .hour, amount: 1)
        let many = (0...Quota.limitsMax).map { _ in limit }
        let quotas = [
            Quota(limits: many), Quota(limits: [limit, limit]),
            Quota(limits: [Limit(.cost, .hour, amount: -1)]),
            Quota(dailyLimit: .zero, limits: [Limit(.cost, .day, amount: 1)]),
            Quota(thresholds: [0]), Quota(thresholds: [101]), Quota(thresholds: [80, 50]),
            Quota(thresholds: [50, 50]), Quota(thresholds: Array(1...Int64(Limit.thresholdsMax + 1))),
            Quota(limits: [Limit(.cost, .hour, amount: 1, thresholds: [200])]),
        ]
        for quota in quotas {
            let change = QuotaSet(subject: .global, quota: quota, actor: "a")
            #expect(ledger.rejection(of: .changeQuota(change)) == .negative)
        }
        #expect(
            ledger.rejection(of: .dropQuota(QuotaRemoved(subject: .global, actor: "a"))) == .noLimits(.global)
        )
    }
}
