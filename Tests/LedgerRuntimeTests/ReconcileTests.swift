import LedgerCore
import LedgerRuntime
import Testing

@Suite("Reconcile")
struct ReconcileTests {
    private static let usage = #"""
        {"data":[{"starting_at":"2026-11-01T00:00:00Z","ending_at":"2026-11-02T00:00:00Z","results":[
        {"uncached_input_tokens":1500,"cache_creation":{"ephemeral_1h_input_tokens":1000,
        "ephemeral_5m_input_tokens":500},"cache_read_input_tokens":200,"output_tokens":500,
        "server_tool_use":{"web_search_requests":10},"model":"claude-sonnet-4-5-20250929"}]},
        {"starting_at":"2026-11-02T00:00:00Z","ending_at":"2026-11-03T00:00:00Z","results":[]}],
        "has_more":true,"next_page":"page_x"}
        """#

    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text.utf8)) }

    private func report(_ text: String) throws -> ProviderReport { try ReportPages.parse(Array(text.utf8)) }

    private func settled(
        _ cost: Cost, _ counts: [UsageBucket: Int64], at time: String
    ) throws -> RecordedEvent {
        let call = CallIdentity(
            callID: UniqueID(bits: 1), user: try user("ann"), source: "proxy", provider: "anthropic",
            model: "claude-sonnet-4-5", api: "messages")
        var usage = Usage()
        for (bucket, count) in counts { usage[bucket] = count }
        let event = CallSettled(
            call: call, result: .ok, status: 200, usage: usage, usageSource: .providerFinal, cost: cost,
            priceBook: "b", durationMilliseconds: 1)
        return RecordedEvent(
            position: Position(1), timestamp: try moment(time), id: UniqueID(bits: 2),
            event: .callSettled(event))
    }

    @Test("Anthropic's usage: buckets apart, a model without its date, days that have nothing")
    func anthropicUsage() throws {
        let report = try report(Self.usage)
        #expect(report.kind == .anthropicUsage && report.kind.provider == "anthropic" && report.hasMore)
        #expect(report.from == (try moment("2026-11-01T00:00:00Z")))
        #expect(report.to == (try moment("2026-11-03T00:00:00Z")))
        #expect(report.lines.map(\.amount) == [1500, 200, 500, 500, 1000, 10])
        #expect(Set(report.lines.map(\.model)) == ["claude-sonnet-4-5"] && report.isByModel)
    }

    @Test("a page that is given twice is refused, and an empty day may come twice")
    func twice() throws {
        let page = Self.usage.replacing("\n", with: "")
        let error = #expect(throws: ProviderReportError.self) { try report("\(page)\n\(page)") }
        #expect(error.map { "\($0)" } == "page 2: is page 1 again: give each page once")
        // The same figures an hour later are others, and so are those before another page.
        for (this, that) in [("11-01T00", "11-01T01"), ("page_x", "page_y")] {
            let other = page.replacing(this, with: that)
            #expect(try report("[\(page),\(other)]").lines.count == 12)
        }
    }

    @Test(
        "a count that is null, or none, is refused with its place, and never taken for 0",
        arguments: [
            ("1500", "uncached_input_tokens"), ("1000", "cache_creation.ephemeral_1h_input_tokens"),
            ("200", "cache_read_input_tokens"), ("\"output_tokens\":500", "output_tokens"),
            ("10}", "server_tool_use.web_search_requests"),
        ])
    func counts(_ figure: String, _ place: String) throws {
        let name = figure.hasPrefix("\"") ? "\"output_tokens\":" : ""
        for wrong in ["null", "-1", "1.5", "\"7\"", "[]"] {
            let text = Self.usage.replacing(
                figure, with: name + wrong + (figure.hasSuffix("}") ? "}" : ""), maxReplacements: 1)
            let error = #expect(throws: ProviderReportError.self) { try report(text) }
            #expect("\(error.map { "\($0)" } ?? "")".hasSuffix("results[0].\(place): must be a count"))
        }
    }

    @Test("Anthropic's amounts are cents, OpenAI's dollars, with whatever exponent")
    func money() throws {
        let cents = try report(
            """
            {"data":[{"starting_at":"2026-11-01T00:00:00Z","ending_at":"2026-11-02T00:00:00Z",
            "results":[{"currency":"USD","amount":"123.78912"}]}]}
            """
        )
        #expect(cents.kind == .anthropicCost)
        #expect(cents.lines.map(\.amount) == [try usd("1.2378912").attos])
        let dollars = try report(
            """
            [{"data":[{"object":"bucket","start_time":1730419200,"end_time":1730505600,
            "results":[{"object":"organization.costs.result","amount":{"value":6.5e-7,"currency":"usd"}}]}]},
            {"data":[{"start_time":1730505600,"end_time":1730592000,
            "results":[{"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"}}]}]}]
            """
        )
        #expect(dollars.kind == .openaiCosts)
        #expect(dollars.lines.map(\.amount) == [try usd("0.00000065").attos, try usd("0.06").attos])
        #expect(!dollars.isByModel)
    }

    @Test("OpenAI's input includes what came from the cache")
    func openAIUsage() throws {
        let page = """
            {"data":[{"start_time":1730419200,"end_time":1730505600,\
            "results":[{"object":"organization.usage.completions.result","input_tokens":1000,\
            "output_tokens":500,"input_cached_tokens":800,"model":"gpt-4o-mini-2024-07-18"}]}]}
            """
        let next = page.replacing("1730419200", with: "1730422800")
        let report = try report(page + "\n" + next)
        let measures: [ReportMeasure] = [.uncachedInput, .cacheRead, .output]
        #expect(report.lines.map(\.measure) == measures + measures)
        #expect(report.lines.map(\.amount).prefix(3) == [200, 800, 500])
        #expect(report.lines.first?.model == ModelName.shorter("gpt-4o-mini-2024-07-18").last)
        #expect(report.lines.first?.model == "gpt-4o-mini")
        #expect(ReportMeasure.uncachedInput.buckets.contains(.cacheWrite1h))
    }

    @Test("OpenRouter's activity says the same as JSON and as CSV")
    func activity() throws {
        let json = try report(
            """
            {"data":[{"date":"2025-08-24","model":"openai/gpt-4.1","usage":0.015,"requests":5,
            "prompt_tokens":50,"completion_tokens":125}]}
            """
        )
        let csv = try report(
            "date,model,usage,requests,prompt_tokens,completion_tokens\r\n"
                + "2025-08-24,\"openai/gpt-4.1\",0.015,5,50,125\r\n"
        )
        #expect(json == csv && json.kind == .openrouterActivity)
        #expect(json.lines.map(\.amount) == [50, 125, try usd("0.015").attos])
    }

    @Test(
        "what is no report is refused, with its place",
        arguments: [
            ("", "file"), ("[1]", "page 1"), (#"{"data":[]}"#, "file"), ("a,b\n1,2\n", "line 1"),
            ("date,model,usage,prompt_tokens,completion_tokens\n2025-08-24,m,x,1,1", "line 2, usage"),
            (#"{"data":[{"starting_at":"x","results":[{"amount":"1"}]}]}"#, "page 1, data[0].starting_at"),
            (#"{"data":[{"results":[{"object":"organization.usage.images.result"}]}]}"#, "page 1, data[0]"),
        ])
    func refused(_ text: String, _ place: String) {
        #expect {
            try ReportPages.parse(Array(text.utf8))
        } throws: {
            ($0 as? ProviderReportError)?.place == place
        }
    }

    @Test("both sides by day, model and bucket; the largest difference first")
    func compare() throws {
        var both = UsageReconciliation(try report(Self.usage), provider: "anthropic")
        let counts: [UsageBucket: Int64] = [.input: 1_500, .cacheRead: 200, .cacheWrite5m: 500, .output: 500]
        both.add(try settled(.estimated(try usd("1")), counts, at: "2026-11-01T23:59:59Z"))
        both.add(try settled(.unpriced(holding: .zero), [.output: 7], at: "2026-11-02T00:00:00Z"))
        both.add(try settled(.priced(try usd("1")), [.output: 9], at: "2026-11-03T00:00:00Z"))
        let tokens = try #require(both.tokens)
        #expect([tokens.ledger, tokens.provider, tokens.captured] == [2_707, 3_700, 2_700])
        // 2,707 ÷ 3,700 = 0.7316216…; the 7 that the provider does not have make up for nothing: 0.7297297…
        #expect(both.ratioMillionths == 731_621)
        #expect(both.capturedMillionths == 729_729)
        #expect(both.estimatedTokens == 2_700)
        #expect(both.rows.map(\.measure).prefix(2) == [.cacheWrite1h, .webSearch])
        #expect(both.rows.map(\.difference).prefix(3) == [-1_000, -10, 7])
        #expect(both.cost == nil && both.unpricedCalls == 1)
        #expect(both.estimated == (try usd("1")))
    }

    /// A correction of the call above, recorded long after.
    private func corrected(_ old: Cost, _ new: Cost, at time: String) throws -> RecordedEvent {
        let recordedAt = try moment(time)
        let target = CostTarget(
            position: Position(1), user: try user("ann"), kind: .call, source: "proxy",
            provider: "anthropic", model: "claude-sonnet-4-5", recordedAt: recordedAt, chargedAt: recordedAt)
        let event = CostAdjusted(
            target: target, old: RatedCost(old, by: "b"), new: RatedCost(new, by: "c"), reason: "r",
            actor: "admin")
        return RecordedEvent(
            position: Position(2), timestamp: try moment("2026-12-24T00:00:00Z"), id: UniqueID(bits: 3),
            event: .costAdjusted(event))
    }

    @Test("a correction counts on the day of what it corrects, whenever it was recorded")
    func corrections() throws {
        let cost = """
            {"data":[{"starting_at":"2026-11-01T00:00:00Z","ending_at":"2026-11-02T00:00:00Z",
            "results":[{"currency":"USD","amount":"200","model":"claude-sonnet-4-5"}]}]}
            """
        var both = UsageReconciliation(try report(cost), provider: "anthropic")
        both.add(try settled(.unpriced(holding: .zero), [:], at: "2026-11-01T12:00:00Z"))
        both.add(try settled(.estimated(try usd("1000")), [:], at: "2026-11-01T12:00:00Z"))
        let two = Cost.priced(try usd("2"))
        both.add(try corrected(.unpriced(holding: .zero), .priced(.zero), at: "2026-11-01T12:00:00Z"))
        both.add(try corrected(.estimated(try usd("1000")), two, at: "2026-11-01T12:00:00Z"))
        both.add(try corrected(two, .priced(try usd("9")), at: "2026-11-02T00:00:00Z"))
        let sum = try #require(both.cost)
        #expect([sum.ledger, sum.provider, sum.captured] == Array(repeating: two.amount.attos, count: 3))
        #expect(both.rows.count == 1 && both.unpricedCalls == 0 && both.estimated == .zero)
    }

    @Test("what is recorded of a comparison: whole days, the sums, how many rows differ")
    func result() throws {
        var both = UsageReconciliation(try report(Self.usage), provider: "anthropic")
        both.add(try settled(.priced(.zero), [.input: 1_500, .output: 7], at: "2026-11-01T12:00:00Z"))
        let result = try #require(UsageReconciled(both, sha256: "5f2a", actor: "admin", reason: nil))
        #expect(result.report == "anthropic_usage" && result.provider == "anthropic")
        #expect(result.from.text == "2026-11-01" && result.to.text == "2026-11-03")
        #expect(result.tokens == .init(ledger: 1_507, provider: 3_700, captured: 1_507) && result.cost == nil)
        #expect(result.rows == 6 && result.rowsDiffering == 5)
        // A bucket of hours ends within a day.
        let hour = try report(Self.usage.replacing("2026-11-03T00:00:00Z", with: "2026-11-02T01:00:00Z"))
        let short = UsageReconciliation(hour, provider: "anthropic")
        #expect(UsageReconciled(short, sha256: "", actor: "", reason: nil)?.to.text == "2026-11-03")
    }
}
