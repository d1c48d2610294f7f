import LedgerCore
import LedgerRuntime
import Metrics
import TestSupport
import Testing

@Suite("LedgerMetrics")
struct LedgerMetricsTests {
    let house: LedgerFixture

    init() throws { house = try LedgerFixture() }

    private func exposition(_ ledger: Ledger, usersMax: Int = 500) -> [UInt8] {
        var writer = ExpositionWriter(.prometheusText)
        LedgerMetrics(ledger, ingest: nil, usersMax: usersMax, build: "1.0").write(to: &writer)
        return writer.finish()
    }

    /// The samples of the families whose names start with one of `prefixes`.
    private func samples(_ exposition: [UInt8], _ prefixes: String...) -> [String] {
        String(decoding: exposition, as: UTF8.self).split(separator: "\n").map(String.init).filter { line in
            prefixes.contains { line.hasPrefix($0 + "{") || line.hasPrefix($0 + " ") }
        }
    }

    /// Ann: a limit, one call settled, one open, one without a price; Bob: one estimated call.
    private func script(_ ledger: Ledger) throws {
        let (ann, bob) = (try user("ann"), try user("bob"))
        _ = try ledger.ask(.setQuota(ann, Quota(dailyLimit: try usd("8")), actor: "admin"))
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        _ = try ledger.ask(
            settle(1, of: ann, .priced(try usd("0.0000000000000123")), input: 1000, output: 20))
        _ = try ledger.ask(reserve(2, of: ann, try usd("2")))
        _ = try ledger.ask(reserve(3, of: ann, try usd("1")))
        _ = try ledger.ask(settle(3, of: ann, .unpriced(holding: try usd("1")), model: "odd\"model\n"))
        _ = try ledger.ask(reserve(4, of: bob, try usd("3")))
        _ = try ledger.ask(
            settle(4, of: bob, .estimated(try usd("2.5")), input: 7, output: 3, result: .error))
    }

    @Test("A scripted journal gives these lines, to the last digit")
    func lines() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try script(ledger)
        let text = samples(
            exposition(ledger), "ledger_user_cost_usd", "ledger_user_estimated_usd", "ledger_user_calls",
            "ledger_cost_usd", "ledger_quota_limit_usd", "ledger_quota_used_ratio",
            "ledger_quota_reserved_usd", "ledger_unpriced_calls", "ledger_journal_position",
            "ledger_journal_writable", "ledger_calls_open", "ledger_series_folded", "ledger_build_info")
        #expect(
            text == [
                #"ledger_build_info{version="1.0",origin="here"} 1"#,
                "ledger_calls_open 1",
                #"ledger_cost_usd{window="day"} 2.5000000000000123"#,
                #"ledger_cost_usd{window="month"} 2.5000000000000123"#,
                #"ledger_cost_usd{window="total"} 2.5000000000000123"#,
                "ledger_journal_position 9",
                "ledger_journal_writable 1",
                #"ledger_quota_limit_usd{user="ann",window="day"} 8"#,
                #"ledger_quota_reserved_usd{user="ann"} 2"#,
                #"ledger_quota_used_ratio{user="ann",window="day"} 0.37500000000000155"#,
                "ledger_series_folded 0",
                #"ledger_unpriced_calls{model="other"} 1"#,
                #"ledger_user_calls{user="bob",window="day"} 1"#,
                #"ledger_user_calls{user="bob",window="month"} 1"#,
                #"ledger_user_calls{user="bob",window="total"} 1"#,
                #"ledger_user_calls{user="ann",window="day"} 2"#,
                #"ledger_user_calls{user="ann",window="month"} 2"#,
                #"ledger_user_calls{user="ann",window="total"} 2"#,
                #"ledger_user_cost_usd{user="bob",window="day"} 2.5"#,
                #"ledger_user_cost_usd{user="bob",window="month"} 2.5"#,
                #"ledger_user_cost_usd{user="bob",window="total"} 2.5"#,
                #"ledger_user_cost_usd{user="ann",window="day"} 0.0000000000000123"#,
                #"ledger_user_cost_usd{user="ann",window="month"} 0.0000000000000123"#,
                #"ledger_user_cost_usd{user="ann",window="total"} 0.0000000000000123"#,
                #"ledger_user_estimated_usd{user="bob",window="day"} 2.5"#,
                #"ledger_user_estimated_usd{user="bob",window="month"} 2.5"#,
                #"ledger_user_estimated_usd{user="bob",window="total"} 2.5"#,
                #"ledger_user_estimated_usd{user="ann",window="day"} 0"#,
                #"ledger_user_estimated_usd{user="ann",window="month"} 0"#,
                #"ledger_user_estimated_usd{user="ann",window="total"} 0"#,
            ])
    }

    @Test("A result is a share of cost where the report has costs, else of tokens; none of nothing")
    func capture() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let day = try #require(Day("2026-11-01".utf8))
        for (report, tokens, cost) in [
            ("anthropic_usage", UsageReconciled.Both<Int64>(ledger: 9, provider: 12), nil),
            ("openrouter_activity", .init(ledger: 1, provider: 1), (ledger: "3", provider: "4")),
            ("anthropic_cost", nil, (ledger: "3", provider: "0")),
        ] as [(String, UsageReconciled.Both<Int64>?, (ledger: String, provider: String)?)] {
            let cost = try cost.map {
                UsageReconciled.Both(ledger: try usd($0.ledger), provider: try usd($0.provider))
            }
            _ = try ledger.ask(
                .reconcile(
                    UsageReconciled(
                        provider: "anthropic", report: report, sha256: String(repeating: "a", count: 64),
                        from: day, to: day.next, tokens: tokens, cost: cost, rows: 1, rowsDiffering: 1,
                        actor: "admin")))
        }
        let text = exposition(ledger)
        let seconds = ledger.configuration.now().microseconds / 1_000_000
        #expect(
            samples(text, "ledger_capture_ratio", "ledger_capture_checked_timestamp_seconds") == [
                #"ledger_capture_checked_timestamp_seconds{provider="anthropic",report="anthropic_usage"} \#(seconds).0"#,
                #"ledger_capture_checked_timestamp_seconds{provider="anthropic",report="openrouter_activity"} \#(seconds).0"#,
                #"ledger_capture_checked_timestamp_seconds{provider="anthropic",report="anthropic_cost"} \#(seconds).0"#,
                #"ledger_capture_ratio{provider="anthropic",report="anthropic_usage",measure="tokens"} 0.75"#,
                #"ledger_capture_ratio{provider="anthropic",report="openrouter_activity",measure="cost"} 0.75"#,
            ])
        let (status, output) = Promtool.check(text)
        #expect(status == 0, "\(output)")
    }

    @Test("promtool accepts the exposition")
    func promtool() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try script(ledger)
        let (status, output) = Promtool.check(exposition(ledger))
        #expect(status == 0, "\(output)")
    }

    @Test("Users beyond the limit are one series, and the sums stay exact", arguments: [0, 1, 3, 20])
    func folding(_ usersMax: Int) throws {
        let ledger = try house.open()
        defer { ledger.close() }
        var number = 0
        for index in 1...20 {
            number += 1
            let someone = try user("user-\(index)")
            _ = try ledger.ask(reserve(number, of: someone, try usd("1")))
            _ = try ledger.ask(settle(number, of: someone, .priced(try usd("0.0000000000000\(index)7"))))
        }
        let text = exposition(ledger, usersMax: usersMax)
        let rows = samples(text, "ledger_user_cost_usd").filter { $0.contains(#"window="total""#) }
        #expect(rows.count == usersMax + (usersMax < 20 ? 1 : 0))
        #expect(rows.contains { $0.contains(#"user="_other""#) } == (usersMax < 20))
        let sum = try rows.reduce(Money.zero) { sum, row in
            try sum.adding(Money(decimal: String(try #require(row.split(separator: " ").last))))
        }
        let all = try #require(samples(text, "ledger_cost_usd").last?.split(separator: " ").last)
        #expect(sum.decimalText == String(all))
        #expect(samples(text, "ledger_series_folded") == ["ledger_series_folded \(20 - usersMax)"])
        let calls = samples(text, "ledger_user_calls").filter { $0.contains(#"window="total""#) }
        #expect(calls.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +) == 20)
    }

    @Test(
        "A name that could break out of a label is no user's name",
        arguments: [
            "", "_other", "a\"b", "a\nb", "a b", "a\\b", "ä", "a{b}", "a,b",
            String(repeating: "a", count: 129),
        ])
    func hostileNames(_ name: String) {
        #expect(UserID(name) == nil)
    }

    @Test("Each window forgets at its own end")
    func windows() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let ann = try user("ann")
        _ = try ledger.ask(reserve(1, of: ann, try usd("1")))
        _ = try ledger.ask(settle(1, of: ann, .priced(try usd("0.5"))))
        for (time, day, month) in [
            ("2026-11-24T23:59:59Z", "0.5", "0.5"), ("2026-11-25T00:00:00Z", "0", "0.5"),
            ("2026-12-01T00:00:00Z", "0", "0"),
        ] {
            try house.clock.set(time)
            #expect(
                samples(exposition(ledger), "ledger_user_cost_usd") == [
                    "ledger_user_cost_usd{user=\"ann\",window=\"day\"} \(day)",
                    "ledger_user_cost_usd{user=\"ann\",window=\"month\"} \(month)",
                    "ledger_user_cost_usd{user=\"ann\",window=\"total\"} 0.5",
                ])
        }
    }
}
