import LedgerCore
import Testing

@Suite("Leases")
struct LeaseTests {
    private let alice: UserID
    private var ledger: Recorder

    init() throws {
        alice = try user("alice")
        ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
    }

    private var day: LeaseKey {
        get throws {
            LeaseKey(
                subject: .user(alice), measure: .cost, window: .day,
                windowEnd: try moment("2026-11-25T00:00:00Z"))
        }
    }

    private func reserve(_ number: Int, _ cost: String) throws -> Command {
        .reserve(
            call(number, of: alice), Estimate(cost: try usd(cost), tokens: 1), priceBook: "b", isPriced: true)
    }

    private mutating func grant(_ leased: String) throws {
        try ledger.run(
            .grantLeases([
                LeaseSet(
                    key: try day, limit: try usd("10").attos, leased: try usd(leased).attos, cause: .granted)
            ]))
    }

    /// What has to be leased for `command`; nil: it is judged.
    private func needs(_ command: Command) throws -> [LeaseNeed]? {
        do throws(Rejection) {
            _ = try ledger.state.decide(command, at: ledger.now, in: .shared(.ask))
            return nil
        } catch {
            guard case .notLeased(let needs) = error else { return [] }
            return needs
        }
    }

    private func meter() throws -> Meter {
        try #require(ledger.state.meter(of: try day, at: ledger.now))
    }

    @Test("a call that needs more than is leased is not judged, and says what it needs")
    mutating func ask() throws {
        let need = try #require(try needs(reserve(1, "4"))?.first)
        #expect(need.key == (try day))
        #expect(need.limit == (try usd("10").attos))
        #expect(need.leased == 0)
        #expect(need.inUse == 0)
        #expect(need.asked == (try usd("4").attos))
        try grant("6")
        try ledger.run(reserve(1, "4"), in: .shared(.ask))
        #expect(ledger.last?.type == .callReserved)
        #expect(try needs(reserve(2, "2")) == nil)
        #expect(try needs(reserve(2, "2.000000000000000001"))?.first?.inUse == (try usd("4").attos))
    }

    @Test("what a call gives back by costing less is there for the next one")
    mutating func reuse() throws {
        try grant("4")
        for number in 1...8 {
            try ledger.run(reserve(number, "4"), in: .shared(.ask))
            try ledger.run(.settle(settled(call(number, of: alice), .priced(try usd("0")))))
        }
        #expect(try meter().leased == (try usd("4").attos))
    }

    @Test("a limit that the journal knows refuses, whatever is leased")
    mutating func limit() throws {
        try grant("50")
        try ledger.run(reserve(1, "10.5"), in: .shared(.ask))
        guard case .callRejected(let event) = ledger.last else {
            Issue.record("\(String(describing: ledger.last))")
            return
        }
        #expect(event.limit.kind == .dailyCost && event.limit.used == 0)
    }

    @Test("a refusal says what others hold as used, and until when")
    mutating func refuse() throws {
        try grant("3")
        try ledger.run(reserve(1, "2"), in: .shared(.ask))
        let soon = try moment("2026-11-24T22:00:10Z")
        for (until, expected) in [(soon, soon), (nil, try moment("2026-11-25T00:00:00Z"))] {
            try ledger.run(reserve(2, "2"), in: .shared(.refuse(.elsewhere, until: until)))
            guard case .callRejected(let event) = ledger.last else {
                Issue.record("\(String(describing: ledger.last))")
                return
            }
            #expect(event.limit.limit == (try usd("10").attos))
            #expect(event.limit.used == (try usd("7").attos))
            #expect(event.limit.shortage == .elsewhere)
            #expect(event.limit.reserved == (try usd("2").attos))
            #expect(event.limit.retryAt == expected)
        }
    }

    @Test("an override records what it takes beyond the lease before the call, and never passes the limit")
    mutating func override() throws {
        try grant("3")
        try ledger.run(reserve(1, "2"), in: .shared(.override))
        #expect(ledger.events.count == 3, "what fits into the lease overrides nothing")
        try ledger.run(reserve(2, "7"), in: .shared(.override))
        #expect(ledger.events.suffix(2).map(\.event.type) == [.leaseSet, .callReserved])
        #expect(try meter().leased == (try usd("9").attos))
        try ledger.run(reserve(3, "2"), in: .shared(.override))
        #expect(ledger.last?.type == .callRejected)
    }

    @Test("fitting makes a lease what is in use, up or down, and is silent where it is")
    mutating func fit() throws {
        try grant("6")
        try ledger.run(reserve(1, "2"), in: .shared(.ask))
        try ledger.run(.fitLeases([try day]))
        #expect(try meter().leased == (try usd("2").attos))
        let count = ledger.events.count
        try ledger.run(.fitLeases([try day]))
        #expect(ledger.events.count == count)
        // A call that costs more than it held.
        try ledger.run(.settle(settled(call(1, of: alice), .priced(try usd("2.5")))))
        try ledger.run(.fitLeases([try day]))
        #expect(try meter().leased == (try usd("2.5").attos))
        guard case .leaseSet(let event) = ledger.last else {
            Issue.record("\(String(describing: ledger.last))")
            return
        }
        #expect(event.cause == .fitted)
    }

    @Test("a lease ends with its window, and one of another window changes nothing")
    mutating func windows() throws {
        try grant("6")
        ledger.now = try moment("2026-11-25T00:00:00Z")
        #expect(try needs(reserve(1, "1"))?.first?.leased == 0)
        #expect(ledger.state.meter(of: try day, at: ledger.now) == nil)
        try grant("6")
        #expect(try needs(reserve(1, "1"))?.first?.leased == 0)
        try ledger.run(.fitLeases([try day]))
        #expect(ledger.state.leases(at: ledger.now).isEmpty)
    }

    @Test("a lease survives that the same limit is set again, not that another is")
    mutating func again() throws {
        try grant("6")
        try ledger.run(reserve(1, "2"), in: .shared(.ask))
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("10"), dailyTokens: 9), actor: "admin"))
        #expect(try meter().leased == (try usd("6").attos))
        for limit in ["20", "5"] {
            try grant("4")
            try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd(limit)), actor: "admin"))
            #expect(try meter().leased == (try usd("2").attos))
            guard case .leaseSet(let event) = ledger.last else {
                Issue.record("\(String(describing: ledger.last))")
                return
            }
            #expect(event.cause == .fitted)
            #expect(event.leased == (try usd("2").attos))
        }
    }

    @Test("what was overridden stays when a smaller grant comes after it")
    mutating func late() throws {
        try ledger.run(reserve(1, "8"), in: .shared(.override))
        try grant("3")
        #expect(try meter().leased == (try usd("8").attos))
    }

    @Test("a grant of a limit that was lowered meanwhile is not recorded, of one that was raised it is")
    mutating func grantOfAnotherLimit() throws {
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("5")), actor: "admin"))
        try grant("6")
        #expect(try meter().leased == 0)
        // The next call asks for its part of the limit that holds now.
        #expect(try needs(reserve(1, "4"))?.first?.limit == (try usd("5").attos))
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("20")), actor: "admin"))
        try grant("6")
        #expect(try meter().leased == (try usd("6").attos))
    }

    @Test("a grant for a user with the pattern's limits is held against what the pattern is by then")
    mutating func grantOfAnotherPattern() throws {
        let bob = try user("bob")
        let key = LeaseKey(
            subject: .user(bob), measure: .cost, window: .day, windowEnd: try day.windowEnd)
        func grant(_ limit: String, _ leased: String) throws -> Command {
            .grantLeases([
                LeaseSet(
                    key: key, limit: try usd(limit).attos, leased: try usd(leased).attos, cause: .granted)
            ])
        }
        func pattern(_ limit: String) throws -> Command {
            .changeQuota(
                QuotaSet(subject: .unknownUsers, quota: Quota(dailyLimit: try usd(limit)), actor: "admin"))
        }
        for (pattern, limit, leased, expected) in [
            (try pattern("20"), "20", "10", "10"), (try pattern("5"), "20", "10", "0"),
            (try pattern("30"), "30", "6", "6"),
        ] {
            try ledger.run(pattern)
            try ledger.run(try grant(limit, leased))
            let meter = try #require(ledger.state.meter(of: key, at: ledger.now))
            #expect(meter.leased == (try usd(expected).attos))
        }
    }

    @Test("what was used before limits were shared has to be leased too")
    mutating func before() throws {
        try ledger.run(reserve(1, "3"))
        let need = try #require(try needs(reserve(2, "1"))?.first)
        #expect(need.inUse == (try usd("3").attos))
        #expect(need.leased == 0)
        #expect(ledger.state.leases(at: ledger.now).keys.map { $0 } == [try day])
    }

    @Test("all limits that a call falls under are leased, and the pattern's before it is recorded")
    mutating func everyLimit() throws {
        let red = try #require(GroupName("red"))
        let bob = try user("bob")
        let one = Quota(limits: [Limit(.requests, .hour, amount: 1)])
        for subject in [QuotaSubject.group(red), .model("claude-sonnet-4-5"), .global, .unknownUsers] {
            try ledger.run(.changeQuota(QuotaSet(subject: subject, quota: one, actor: "admin")))
        }
        try ledger.run(.joinGroup(GroupJoined(user: bob, group: red, actor: "admin")))
        let command = Command.reserve(
            call(1, of: bob), Estimate(cost: .zero, tokens: 1), priceBook: "b", isPriced: true)
        let needs = try #require(try needs(command))
        let subjects: [QuotaSubject] = [.user(bob), .group(red), .model("claude-sonnet-4-5"), .global]
        #expect(needs.map(\.key.subject) == subjects)
        let count = ledger.events.count
        try ledger.run(
            .grantLeases(needs.map { LeaseSet(key: $0.key, limit: 1, leased: 1, cause: .granted) }))
        #expect(ledger.events[count].event.type == .quotaSet, "the user's limits, from the pattern")
        try ledger.run(command, in: .shared(.ask))
        #expect(ledger.last?.type == .callReserved)
        try ledger.run(
            .reserve(call(2, of: bob), Estimate(cost: .zero, tokens: 1), priceBook: "b", isPriced: true),
            in: .shared(.ask))
        #expect(ledger.last?.type == .callRejected)
    }

    @Test("an agent run needs a lease to begin")
    mutating func runs() throws {
        let started = Command.startDispatch(
            DispatchStarted(dispatch: dispatch(1, of: alice), queuedMilliseconds: 0))
        #expect(try needs(started)?.first?.asked == 1)
        try grant("1")
        try ledger.run(started, in: .shared(.ask))
        #expect(ledger.last?.type == .dispatchStarted)
    }
}
