import LedgerCore
import Testing

@Suite("Corrections and the limits that a cost was counted in")
struct ChargedLimitsTests {
    private var ledger: Recorder
    private let alice: UserID
    private let red: GroupName
    private let blue: GroupName
    private let asked = "claude-sonnet-4-5"
    private let answered = "claude-sonnet-4-6"

    init() throws {
        ledger = try Recorder(at: "2026-11-24T12:00:00Z")
        alice = try user("alice")
        red = try #require(GroupName("red"))
        blue = try #require(GroupName("blue"))
    }

    private mutating func limit(_ subjects: QuotaSubject...) throws {
        let limits = [Limit(.cost, .month, amount: try usd("10").attos)]
        for subject in subjects {
            try ledger.run(
                .changeQuota(QuotaSet(subject: subject, quota: Quota(limits: limits), actor: "admin")))
        }
    }

    private func used(_ subject: QuotaSubject) throws -> Money {
        Money(attos: try #require(ledger.state.meters(of: subject, at: ledger.now).first).used)
    }

    private mutating func reserve() throws -> CallIdentity {
        let call = call(1, of: alice, model: asked)
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("5"), tokens: 10), priceBook: "old", isPriced: true))
        return call
    }

    /// Ends `call` at five dollars: another model answered, a million tokens in.
    private mutating func settle(_ call: CallIdentity) throws {
        let answer = LedgerCoreTests.call(1, of: alice, model: answered)
        var event = settled(answer, .priced(try usd("5")), input: 1_000_000)
        event.requestModel = call.model
        try ledger.run(.settle(event))
    }

    /// Prices everything by a book in which a million tokens of each model cost `input` dollars.
    private mutating func rerate(_ input: String) throws -> [CostTarget] {
        let models = try [asked, answered, "claude-haiku-4-5"].map { name in
            try ModelPrice(
                provider: "anthropic", name: name, aliases: [], outputTokensMax: 64_000,
                periods: [
                    PricePeriod(
                        from: try moment("2025-01-01T00:00:00Z"), base: try Book.rates([.input: input]),
                        tiers: [], multipliers: [:])
                ])
        }
        var rerating = Rerating(
            by: try PriceBook(hash: "by \(input)", unpricedReserve: try usd("1"), models: models))
        var corrections: [CostAdjusted] = []
        for event in ledger.events { rerating.note(event) }
        for event in ledger.events {
            rerating.take(event) { corrections.append($0.event(reason: "test", actor: "admin")) }
        }
        try ledger.run(.adjustCosts(corrections, after: ledger.state.lastAdjustment))
        return corrections.map(\.target)
    }

    @Test("the model asked for is corrected, and the one that answered gets no credit that it never paid")
    mutating func askedModel() throws {
        try limit(.model(asked), .model(answered), .global, .user(alice))
        try settle(try reserve())
        let targets = try rerate("1")
        #expect(targets.map(\.model) == [answered])
        #expect(targets.map(\.limits) == [ChargedLimits(position: Position(5), model: asked)])
        #expect(try used(.model(asked)) == (try usd("1")))
        #expect(try used(.model(answered)) == .zero)
        #expect(try used(.global) == (try usd("1")))
        #expect(try used(.user(alice)) == (try usd("1")))
        _ = try rerate("7")
        #expect(try used(.model(asked)) == (try usd("7")))
        #expect(try used(.model(answered)) == .zero)
    }

    @Test("a call without a model counts in no model's limit, and neither does its correction")
    mutating func noModel() throws {
        try limit(.model(answered), .global)
        let call = call(1, of: alice, model: "")
        try ledger.run(
            .reserve(call, Estimate(cost: try usd("5"), tokens: 10), priceBook: "old", isPriced: true))
        try settle(call)
        #expect(try rerate("1").first?.limits?.model.isEmpty == true)
        #expect(try used(.model(answered)) == .zero)
        #expect(try used(.global) == (try usd("1")))
    }

    @Test("the groups at the reservation are corrected, whoever was in which at the end and is now")
    mutating func groupsOfThen() throws {
        try limit(.group(red), .group(blue))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin")))
        let call = try reserve()
        try ledger.run(.leaveGroup(GroupLeft(user: alice, group: red, actor: "admin")))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: blue, actor: "admin")))
        try settle(call)
        #expect(try rerate("1").map(\.limits?.groups) == [[red]])
        #expect(try used(.group(red)) == (try usd("1")))
        #expect(try used(.group(blue)) == .zero)
    }

    @Test("a limit that was set after the call was reserved never counted it, and is not credited")
    mutating func limitSetLater() throws {
        try limit(.model(asked))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin")))
        let call = try reserve()
        // In the same microsecond: only the position tells.
        try limit(.group(red), .global, .user(alice))
        try settle(call)
        #expect(try used(.model(asked)) == (try usd("5")))
        #expect(try used(.group(red)) == .zero)
        _ = try rerate("1")
        #expect(try used(.model(asked)) == (try usd("1")))
        #expect(try used(.group(red)) == .zero)
        #expect(try used(.global) == .zero)
        // A user's month is always known: a new limit takes it with it, the open call included.
        #expect(try used(.user(alice)) == (try usd("1")))
        // Changed, a limit goes on to count what it counted; removed and set anew, it begins at nothing.
        try limit(.model(asked), .global)
        _ = try rerate("2")
        #expect(try used(.model(asked)) == (try usd("2")))
        #expect(try used(.global) == .zero)
        try ledger.run(.dropQuota(QuotaRemoved(subject: .model(asked), actor: "admin")))
        try limit(.model(asked))
        _ = try rerate("1")
        #expect(try used(.model(asked)) == .zero)
    }

    @Test("a direct run and a report count where they were charged: the run's model, the groups of then")
    mutating func withoutReservation() throws {
        let haiku = "claude-haiku-4-5"
        try limit(.model(asked), .model(haiku), .group(red))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin")))
        let run = dispatch(1, of: alice)
        try ledger.run(.startDispatch(DispatchStarted(dispatch: run, queuedMilliseconds: 0)))
        let shares = [
            share(asked, try usd("5"), input: 1_000_000), share(haiku, try usd("3"), input: 1_000_000),
        ]
        try ledger.run(
            .completeDispatch(
                report(run, isProxied: false, shares: shares, cost: .estimated(try usd("8")))))
        var usage = Usage()
        usage.input = 1_000_000
        try ledger.run(
            .reportUsage(
                UsageReported(
                    user: alice, source: "s", reportID: "r", digest: "d", kind: .report,
                    provider: "anthropic", model: haiku, usage: usage, cost: .priced(try usd("4")),
                    priceBook: "book", usedAt: ledger.now)))
        #expect(try used(.model(asked)) == (try usd("8")))
        #expect(try used(.model(haiku)) == (try usd("4")))
        try ledger.run(.leaveGroup(GroupLeft(user: alice, group: red, actor: "admin")))
        try limit(.global)
        let limits = try rerate("1").map { try #require($0.limits) }
        #expect(limits.map(\.model) == [asked, asked, haiku])
        #expect(limits.allSatisfy { $0.groups == [red] })
        #expect(try used(.model(asked)) == (try usd("2")))
        #expect(try used(.model(haiku)) == (try usd("1")))
        #expect(try used(.group(red)) == (try usd("3")))
        #expect(try used(.global) == .zero)
    }

    @Test("an older line means what it meant: the model that answered, and the groups of when it is read")
    mutating func olderLine() throws {
        try limit(.model(asked), .model(answered), .group(red), .group(blue))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "admin")))
        try settle(try reserve())
        try ledger.run(.leaveGroup(GroupLeft(user: alice, group: red, actor: "admin")))
        try ledger.run(.joinGroup(GroupJoined(user: alice, group: blue, actor: "admin")))
        let target = CostTarget(
            position: Position(7), user: alice, kind: .call, source: "proxy", provider: "anthropic",
            model: answered, recordedAt: ledger.now, chargedAt: ledger.now)
        let old = CostAdjusted(
            target: target, old: RatedCost(.priced(try usd("5")), by: "book"),
            new: RatedCost(.priced(try usd("6")), by: "new"), reason: "test", actor: "admin")
        ledger.record(.costAdjusted(old))
        #expect(try used(.model(asked)) == (try usd("5")))
        #expect(try used(.model(answered)) == (try usd("1")))
        #expect(try used(.group(red)) == (try usd("5")))
        #expect(try used(.group(blue)) == (try usd("1")))
        // The next correction of the same cost says where it counts.
        _ = try rerate("2")
        #expect(try used(.model(asked)) == (try usd("1")))
        #expect(try used(.group(red)) == (try usd("1")))
        #expect(try used(.group(blue)) == (try usd("1")))
    }

    /// A line that is read, with `fields` behind `chargedAt`.
    private func line(with fields: String) throws -> Result<RecordedEvent, CodecError> {
        let golden = try golden("journal/cost.adjusted.jsonl").split(separator: 0x0A)
        let text = String(decoding: try #require(golden.first), as: UTF8.self)
        let parts = try #require(text.firstRange(of: #","old":"#))
        return decoded(Array((text[..<parts.lowerBound] + fields + text[parts.lowerBound...]).utf8))
    }

    @Test("a line says it in one form only: no model twice, no group twice or out of order")
    func oneForm() throws {
        let position = #","chargedPosition":40"#
        for fields in ["", position, position + #","chargedModel":"","chargedGroups":["blue","red"]"#] {
            _ = try line(with: fields).get()
        }
        for fields in [
            #","chargedModel":"m""#, #","chargedGroups":["red"]"#,
            position + #","chargedModel":"claude-sonnet-4-5""#, position + #","chargedModel":null"#,
            position + #","chargedGroups":[]"#, position + #","chargedGroups":["red","blue"]"#,
            position + #","chargedGroups":["red","red"]"#, position + #","chargedGroups":["_red"]"#,
            position + #","chargedGroups":["red"],"chargedModel":"m""#,
        ] {
            guard case .success = try line(with: fields) else { continue }
            Issue.record("read \(fields)")
        }
    }
}
