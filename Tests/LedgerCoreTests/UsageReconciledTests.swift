import LedgerCore
import Testing

@Suite("UsageReconciled")
struct UsageReconciledTests {
    private func result(
        _ provider: String = "anthropic", report: String = "anthropic_usage", file: Character = "a",
        from: String = "2026-11-01", to: String = "2026-11-24", ledger: Int64 = 99, reported: Int64 = 100,
        rows: Int64 = 4, differing: Int64 = 1
    ) throws -> UsageReconciled {
        UsageReconciled(
            provider: provider, report: report, sha256: String(repeating: file, count: 64),
            from: try #require(Day(from.utf8)), to: try #require(Day(to.utf8)),
            tokens: .init(ledger: ledger, provider: reported), cost: nil, rows: rows,
            rowsDiffering: differing, actor: "admin")
    }

    private func recorder() throws -> Recorder { try Recorder(at: "2026-11-24T22:00:00Z") }

    @Test("the same result again is refused with its position, whatever is said beside it")
    func once() throws {
        var ledger = try recorder()
        try ledger.run(.publishPrices(PricesPublished(priceBook: "b", models: 1, source: "f")))
        try ledger.run(.reconcile(try result()))
        #expect(ledger.events.count == 2 && ledger.last?.type == .usageReconciled && ledger.last?.user == nil)
        ledger.now = try moment("2026-11-25T22:00:00Z")
        #expect(ledger.rejection(of: .reconcile(try result())) == .alreadyReconciled(Position(2)))
        #expect(
            ledger.rejection(of: .reconcile(try result(differing: 2))) == .alreadyReconciled(Position(2)))
        let known = try #require(ledger.state.reconciliations[try result().name])
        #expect(known.position == Position(2))
        #expect(known.recordedAt == (try moment("2026-11-24T22:00:00Z")))
    }

    @Test("another file, other figures of the ledger, another report and another provider are another result")
    func another() throws {
        var ledger = try recorder()
        for other in [
            try result(), try result(file: "b"), try result(file: "b", ledger: 100), try result("openai"),
            try result(report: "anthropic_cost"),
        ] { try ledger.run(.reconcile(other)) }
        #expect(ledger.events.count == 5)
        #expect(ledger.state.reconciliations.count == 3)
        #expect(ledger.state.reconciliations[try result().name]?.position == Position(3))
    }

    @Test("of more than can be kept, the one recorded longest ago is forgotten first")
    func bounded() throws {
        var ledger = try recorder()
        for number in 0..<LedgerState.reconciliationsMax {
            try ledger.run(.reconcile(try result("p\(number)")))
        }
        try ledger.run(.reconcile(try result("p0", file: "b")))
        try ledger.run(.reconcile(try result("new")))
        let providers = Set(ledger.state.reconciliations.keys.map(\.source))
        #expect(providers.count == LedgerState.reconciliationsMax)
        #expect(!providers.contains("p1") && providers.isSuperset(of: ["p0", "p2", "new"]))
    }

    @Test("what cannot be so is refused")
    func implausible() throws {
        let ledger = try recorder()
        let day = try #require(Day("2026-11-01".utf8))
        let tokens = UsageReconciled.Both<Int64>(ledger: 1, provider: 1)
        func result(
            sha256: String = String(repeating: "a", count: 64), _ tokens: UsageReconciled.Both<Int64>?,
            _ cost: UsageReconciled.Both<Money>?
        ) -> UsageReconciled {
            UsageReconciled(
                provider: "p", report: "r", sha256: sha256, from: day, to: day.next, tokens: tokens,
                cost: cost, rows: 1, rowsDiffering: 0, actor: "admin")
        }
        let beyond = Money(attos: Money.amountMax.attos + 1)
        let wrong = [
            try self.result(""), try self.result("a b"), try self.result(report: "é"),
            try self.result(file: "A"), try self.result(file: "g"), result(sha256: "aa", tokens, nil),
            try self.result(from: "2026-11-24", to: "2026-11-24"),
            try self.result(from: "2026-11-25", to: "2026-11-26"),
            try self.result(from: "2000-11-25"), try self.result(from: "0001-01-01", to: "9999-12-31"),
            try self.result(ledger: -1), try self.result(reported: -1),
            try self.result(ledger: UsageReconciled.tokensMax + 1), try self.result(rows: -1, differing: -2),
            try self.result(rows: .max), try self.result(differing: 5), try self.result(differing: -1),
            result(nil, nil), result(nil, .init(ledger: try usd("-0.1"), provider: .zero)),
            result(tokens, .init(ledger: .zero, provider: beyond)),
        ]
        for (index, wrong) in wrong.enumerated() {
            #expect(ledger.rejection(of: .reconcile(wrong)) == .negative, "\(index)")
            #expect(wrong.fault(at: ledger.now) != nil, "\(index)")
        }
        #expect(
            ledger.rejection(of: .reconcile(result(tokens, .init(ledger: .zero, provider: .zero)))) == nil)
        // A report may end with the month, which has begun.
        #expect(ledger.rejection(of: .reconcile(try self.result(to: "2026-12-01"))) == nil)
    }
}
