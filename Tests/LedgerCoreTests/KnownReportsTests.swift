import LedgerCore
import Testing

@Suite("KnownReports")
struct KnownReportsTests {
    private static func report(
        _ id: String, digest: String = "d", source: String = "agent", kind: UsageKind = .report,
        input: Int64 = 0, cpu: Int64 = 0, memory: Int64 = 0, cost: Cost = .priced(.zero)
    ) throws -> UsageReported {
        var usage = Usage()
        usage.input = input
        return UsageReported(
            user: try user("alice"), source: source, reportID: id, digest: digest, kind: kind, provider: "p",
            model: "m", usage: usage, cpuMilliseconds: cpu, memoryMebibyteSeconds: memory, cost: cost,
            priceBook: "b", usedAt: try moment("2026-11-20T00:00:00Z"))
    }

    @Test("a report counts once, and its repetition learns where it is recorded")
    func once() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        try ledger.run(.reportUsage(try Self.report("0")))
        for _ in 0..<3 { try ledger.run(.reportUsage(try Self.report("1", cost: .priced(try usd("2"))))) }
        try ledger.run(.reportUsage(try Self.report("1", source: "other", cost: .priced(try usd("4")))))
        #expect(ledger.events.count == 3)
        let known = try #require(ledger.state.report(source: "agent", id: "1"))
        #expect(known.position == Position(2))
        #expect(known.digest == "d")
        #expect(ledger.state.report(source: "agent", id: "2") == nil)
        #expect(ledger.state.budget(of: try user("alice"), at: ledger.now).day.used == (try usd("6")))
    }

    @Test("another body under one name is refused with the first one's position")
    func conflict() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        try ledger.run(.reportUsage(try Self.report("0")))
        try ledger.run(.reportUsage(try Self.report("1")))
        #expect(
            ledger.rejection(of: .reportUsage(try Self.report("1", digest: "e")))
                == .anotherReport(Position(2)))
    }

    @Test("what is reported is money of the moment it is recorded in, tokens too, and no call")
    func money() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let alice = try user("alice")
        try ledger.run(
            .reportUsage(try Self.report("1", input: 7, cost: .estimated(try usd("1.5")))))
        try ledger.run(.reportUsage(try Self.report("2", cost: .unpriced(holding: try usd("1")))))
        try ledger.run(
            .reportUsage(
                try Self.report("3", kind: .compute, cpu: 500, memory: 90, cost: .priced(try usd("2")))))
        let day = ledger.state.budget(of: alice, at: ledger.now).day
        #expect(day.used == (try usd("4.5")))
        #expect(day.tokens == 7)
        var usage = UsageProjection()
        var hourly = HourlyRollup()
        for event in ledger.events {
            usage.evolve(event)
            hourly.evolve(event)
        }
        var expected = UsageSums()
        expected.inputTokens = 7
        expected.cost = try usd("3.5")
        expected.estimated = try usd("1.5")
        expected.unpricedCalls = 1
        expected.held = try usd("1")
        expected.cpuMilliseconds = 500
        expected.memoryMebibyteSeconds = 90
        #expect(usage.users[alice]?.total == expected)
        #expect(usage.models.keys.contains { $0.kind == .compute })
        #expect(hourly.rows.keys.allSatisfy { $0.source == "agent" && $0.hour == ledger.now.hour })
        #expect(Set(hourly.rows.keys.map(\.kind)) == [.report, .compute])
    }

    @Test("a report beyond the limit is recorded, and the next call is refused")
    func limits() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let alice = try user("alice")
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("1")), actor: "admin"))
        try ledger.run(.reportUsage(try Self.report("1", cost: .priced(try usd("2")))))
        try ledger.run(
            .reserve(
                call(1, of: alice), Estimate(cost: Money(attos: 1), tokens: 1), priceBook: "b",
                isPriced: true))
        #expect(ledger.last?.type == .callRejected)
    }

    @Test("figures and names beyond belief are refused")
    func implausible() throws {
        let ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let long = String(repeating: "a", count: 257)
        for report in [
            try Self.report("1", input: -1), try Self.report("1", input: Usage.countMax + 1),
            try Self.report("1", cpu: -1), try Self.report("1", cpu: Usage.countMax + 1),
            try Self.report("1", memory: -1), try Self.report("1", memory: Usage.countMax + 1),
            try Self.report("1", cost: .priced(Money(attos: -1))),
            try Self.report("1", cost: .unpriced(holding: Money(attos: -1))),
            try Self.report("1", kind: .call), try Self.report("1", kind: .dispatch),
            try Self.report(""), try Self.report(long), try Self.report("é"), try Self.report("a b"),
            try Self.report("1", source: ""), try Self.report("1", source: "a\n"),
        ] {
            #expect(ledger.rejection(of: .reportUsage(report)) == .negative)
        }
        #expect(ledger.rejection(of: .reportUsage(try Self.report("1", cpu: Usage.countMax))) == nil)
    }

    @Test("the oldest is forgotten first, the same after a pause as without")
    func forgets() {
        var known = KnownReports(limit: 3)
        var late = KnownReports(limit: 3)
        for number in 1...8 {
            let report = KnownReport(digest: "d", position: Position(Int64(number)))
            known.keep(report, called: ReportName(source: "s", reportID: "\(number)"))
            // One that begins later has its ring elsewhere, and is the same.
            if number > 4 { late.keep(report, called: ReportName(source: "s", reportID: "\(number)")) }
        }
        #expect(known.count == 3)
        #expect(known == late)
        #expect(known.hashValue == late.hashValue)
        #expect(known[ReportName(source: "s", reportID: "5")] == nil)
        #expect(known[ReportName(source: "s", reportID: "6")]?.position == Position(6))
        #expect(known[ReportName(source: "other", reportID: "6")] == nil)
        // The first of a name stays.
        known.keep(
            KnownReport(digest: "e", position: Position(9)), called: ReportName(source: "s", reportID: "6"))
        #expect(known == late)
    }
}
