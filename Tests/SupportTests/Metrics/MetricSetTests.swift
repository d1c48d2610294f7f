import Metrics
import Testing
import Threads
import TestSupport

@Suite("MetricSet")
struct MetricSetTests {
    /// One of each kind, made out of order.
    static func filled() -> MetricSet {
        let set = MetricSet()
        let seconds = set.histogram(
            "proxy_upstream_duration_seconds", help: "Time upstream.", labels: ["provider"], bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { seconds["openai"].observe(value) }
        let calls = set.counter(
            "proxy_api_calls_total", help: "Calls \\ by\nstatus.", labels: ["user_id", "status"])
        calls["bob", "429"].increment()
        calls["ann", "200"].increment(by: 41)
        calls["ann", "200"].increment()
        let cost = set.decimalCounter(
            "proxy_api_cost_usd_total", help: "Exact \"cost\".", labels: ["user_id"])
        for _ in 1...3 { cost["ann"].increment(by: ExactDecimal(attos: 4_100_000_000_000_000)) }
        set.gauge("gateway_dispatch_queue_depth", help: "Waiting dispatches.").unlabelled.add(-2)
        set.collect { writer in
            writer.family("ledger_quota_used_ratio", .gauge, help: "Used of the limit.")
            writer.sample(["user": "ann", "window": "day"], .double(0.25))
            writer.family("ledger_cost_usd", .gauge, help: "Cost.")
            writer.sample(["window": "day"], .exact(ExactDecimal(attos: -12_050_000_000_000_000_000)))
            writer.family("ledger_quota_used_ratio", .gauge, help: "Used of the limit.")
            writer.sample(["user": "bob", "window": "day"], 1)
        }
        return set
    }

    @Test("says in each format's word that a kind is unknown")
    func unknownKind() {
        let set = MetricSet()
        set.collect { writer in
            writer.family("things_total", .unknown, help: "A gauge by a name that was fixed.")
            writer.sample([:], 3)
        }
        let text = String(decoding: set.render(.prometheusText), as: UTF8.self)
        #expect(text.hasSuffix("# TYPE things_total untyped\nthings_total 3\n"))
        let open = String(decoding: set.render(.openMetrics), as: UTF8.self)
        #expect(open.hasSuffix("# TYPE things_total unknown\nthings_total 3\n# EOF\n"))
    }

    @Test("writes Prometheus text sorted by family, each in one piece")
    func writesPrometheusText() {
        let expected = #"""
            # HELP gateway_dispatch_queue_depth Waiting dispatches.
            # TYPE gateway_dispatch_queue_depth gauge
            gateway_dispatch_queue_depth -2
            # HELP ledger_cost_usd Cost.
            # TYPE ledger_cost_usd gauge
            ledger_cost_usd{window="day"} -12.05
            # HELP ledger_quota_used_ratio Used of the limit.
            # TYPE ledger_quota_used_ratio gauge
            ledger_quota_used_ratio{user="ann",window="day"} 0.25
            ledger_quota_used_ratio{user="bob",window="day"} 1
            # HELP proxy_api_calls_total Calls \\ by\nstatus.
            # TYPE proxy_api_calls_total counter
            proxy_api_calls_total{user_id="ann",status="200"} 42
            proxy_api_calls_total{user_id="bob",status="429"} 1
            # HELP proxy_api_cost_usd_total Exact "cost".
            # TYPE proxy_api_cost_usd_total counter
            proxy_api_cost_usd_total{user_id="ann"} 0.0123
            # HELP proxy_upstream_duration_seconds Time upstream.
            # TYPE proxy_upstream_duration_seconds histogram
            proxy_upstream_duration_seconds_bucket{provider="openai",le="0.1"} 2
            proxy_upstream_duration_seconds_bucket{provider="openai",le="1.0"} 3
            proxy_upstream_duration_seconds_bucket{provider="openai",le="+Inf"} 4
            proxy_upstream_duration_seconds_sum{provider="openai"} 7.65
            proxy_upstream_duration_seconds_count{provider="openai"} 4

            """#
        #expect(String(decoding: Self.filled().render(.prometheusText), as: UTF8.self) == expected)
    }

    @Test("writes OpenMetrics with units, family names of counters without _total, and an end")
    func writesOpenMetrics() {
        let expected = #"""
            # HELP gateway_dispatch_queue_depth Waiting dispatches.
            # TYPE gateway_dispatch_queue_depth gauge
            gateway_dispatch_queue_depth -2
            # HELP ledger_cost_usd Cost.
            # TYPE ledger_cost_usd gauge
            # UNIT ledger_cost_usd usd
            ledger_cost_usd{window="day"} -12.05
            # HELP ledger_quota_used_ratio Used of the limit.
            # TYPE ledger_quota_used_ratio gauge
            # UNIT ledger_quota_used_ratio ratio
            ledger_quota_used_ratio{user="ann",window="day"} 0.25
            ledger_quota_used_ratio{user="bob",window="day"} 1
            # HELP proxy_api_calls Calls \\ by\nstatus.
            # TYPE proxy_api_calls counter
            proxy_api_calls_total{user_id="ann",status="200"} 42
            proxy_api_calls_total{user_id="bob",status="429"} 1
            # HELP proxy_api_cost_usd Exact \"cost\".
            # TYPE proxy_api_cost_usd counter
            # UNIT proxy_api_cost_usd usd
            proxy_api_cost_usd_total{user_id="ann"} 0.0123
            # HELP proxy_upstream_duration_seconds Time upstream.
            # TYPE proxy_upstream_duration_seconds histogram
            # UNIT proxy_upstream_duration_seconds seconds
            proxy_upstream_duration_seconds_bucket{provider="openai",le="0.1"} 2
            proxy_upstream_duration_seconds_bucket{provider="openai",le="1.0"} 3
            proxy_upstream_duration_seconds_bucket{provider="openai",le="+Inf"} 4
            proxy_upstream_duration_seconds_sum{provider="openai"} 7.65
            proxy_upstream_duration_seconds_count{provider="openai"} 4
            # EOF

            """#
        #expect(String(decoding: Self.filled().render(.openMetrics), as: UTF8.self) == expected)
    }

    @Test("satisfies promtool")
    func satisfiesPromtool() {
        let result = Promtool.check(Self.filled().render(.prometheusText))
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output == "")
    }

    @Test("gives the same family when asked again")
    func givesTheSameFamily() {
        let set = MetricSet()
        let first = set.counter("x_total", help: "X.", labels: ["a"])
        #expect(first === set.counter("x_total", help: "X.", labels: ["a"]))
    }

    @Test("writes several sets as one text with each family in one piece")
    func mergesSets() {
        var writer = ExpositionWriter(.prometheusText)
        for service in ["gateway", "proxy"] {
            let set = MetricSet()
            set.gauge("ledger_up", help: "Up.", labels: ["service"])[service].set(1)
            set.gauge("\(service)_only", help: "Own.").unlabelled.set(.double(0.5))
            set.write(to: &writer)
        }
        let text = String(decoding: writer.finish(), as: UTF8.self)
        #expect(
            text == """
                # HELP gateway_only Own.
                # TYPE gateway_only gauge
                gateway_only 0.5
                # HELP ledger_up Up.
                # TYPE ledger_up gauge
                ledger_up{service="gateway"} 1
                ledger_up{service="proxy"} 1
                # HELP proxy_only Own.
                # TYPE proxy_only gauge
                proxy_only 0.5

                """)
    }

    @Test("counts exactly from four threads")
    func countsExactly() throws {
        let set = MetricSet()
        let calls = set.counter("calls_total", help: "Calls.", labels: ["thread"])
        let cost = set.decimalCounter("cost_usd_total", help: "Cost.")
        let seconds = set.histogram("call_seconds", help: "Time.", bounds: [1])
        let threads = try (0..<4).map { number in
            try Thread(named: "count") {
                for _ in 0..<10_000 {
                    calls["all"].increment()
                    calls["\(number)"].increment()
                    cost.unlabelled.increment(by: ExactDecimal(attos: 1))
                    seconds.unlabelled.observe(0.5)
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(calls["all"].value == 40_000)
        #expect((0..<4).allSatisfy { calls["\($0)"].value == 10_000 })
        #expect(cost.unlabelled.value == ExactDecimal(attos: 40_000))
        #expect(seconds.unlabelled.value.counts == [40_000, 0])
        #expect(seconds.unlabelled.value.sum == 20_000)
    }
}
