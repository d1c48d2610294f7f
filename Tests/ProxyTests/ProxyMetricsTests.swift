import LedgerCore
import TestSupport
import Testing

@Suite("Proxy metrics")
struct ProxyMetricsTests {
    @Test("API call counter increments per proxied request")
    func calls() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        for count in 1...3 {
            _ = try proxy.message()
            #expect(
                try proxy.samples("proxy_api_calls_total") == [
                    #"proxy_api_calls_total{user_id="ann",model="claude-sonnet-4-5",status="ok"} \#(count)"#
                ])
        }
    }

    @Test("Cost counter tracks per-user, per-model spend")
    func cost() throws {
        let proxy = try ProxyFixture { connection in
            while let request = connection.request() {
                let model = request.contains("claude-haiku-4-5") ? "claude-haiku-4-5" : "claude-sonnet-4-5"
                connection.send(
                    Samples.whole(
                        #"{"id":"m","type":"message","model":"\#(model)","content":[],"#
                            + #""usage":{"input_tokens":1000,"output_tokens":200}}"#))
            }
        }
        defer { proxy.stop() }
        let haiku = Samples.message.split(separator: "sonnet").joined(separator: "haiku")
        _ = try proxy.message()
        _ = try proxy.message()
        _ = try proxy.message(haiku)
        _ = try proxy.message(user: "bob")
        #expect(
            try proxy.samples("proxy_api_cost_usd_total") == [
                #"proxy_api_cost_usd_total{user_id="ann",model="claude-haiku-4-5"} 0.002"#,
                #"proxy_api_cost_usd_total{user_id="ann",model="claude-sonnet-4-5"} 0.012"#,
                #"proxy_api_cost_usd_total{user_id="bob",model="claude-sonnet-4-5"} 0.006"#,
            ])
    }

    @Test("Quota rejection counter increments on 429")
    func rejections() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        try proxy.limit("ann", dollars: "0.001")
        for count in 1...2 {
            #expect(try proxy.message().status == 429)
            #expect(
                try proxy.samples("proxy_quota_rejections_total") == [
                    #"proxy_quota_rejections_total{user_id="ann"} \#(count)"#
                ])
        }
        #expect(proxy.upstream.requests.isEmpty)
        #expect(try proxy.samples("proxy_api_cost_usd_total").allSatisfy { $0.hasSuffix(" 0") })
    }

    @Test("A model that the price book does not know is one series, not one a name")
    func models() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(404, #"{"type":"error"}"#)))
        defer { proxy.stop() }
        for name in ["a", "b", "c"] {
            _ = try proxy.message(#"{"model":"unknown-\#(name)","max_tokens":1,"messages":[]}"#)
        }
        #expect(
            try proxy.samples("proxy_api_calls_total") == [
                #"proxy_api_calls_total{user_id="ann",model="other",status="error"} 3"#
            ])
    }

    @Test("Tokens and durations are counted as OpenTelemetry names them, for calls that make something")
    func generativeAI() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        for _ in 1...2 { #expect(try proxy.message().status == 200) }
        _ = try proxy.send("GET", "/v1/models", headers: ["x-api-key: \(try ProxyFixture.key("ann"))"])
        _ = try proxy.settled(3)
        let labels =
            #"gen_ai_operation_name="chat",gen_ai_provider_name="anthropic","#
            + #"gen_ai_request_model="claude-sonnet-4-5",gen_ai_response_model="claude-sonnet-4-5""#
        let sums = try proxy.samples("gen_ai_client_token_usage_sum")
        #expect(
            sums == [
                #"gen_ai_client_token_usage_sum{\#(labels),gen_ai_token_type="input"} 2000.0"#,
                #"gen_ai_client_token_usage_sum{\#(labels),gen_ai_token_type="output"} 400.0"#,
            ])
        let buckets = try proxy.samples("gen_ai_client_token_usage_bucket")
        #expect(buckets.count == 2 * 15)
        #expect(
            buckets.contains(
                #"gen_ai_client_token_usage_bucket{\#(labels),gen_ai_token_type="input",le="256.0"} 0"#))
        #expect(
            buckets.contains(
                #"gen_ai_client_token_usage_bucket{\#(labels),gen_ai_token_type="input",le="1024.0"} 2"#))
        #expect(
            try proxy.samples("gen_ai_client_operation_duration_seconds_count") == [
                #"gen_ai_client_operation_duration_seconds_count{\#(labels),error_type=""} 2"#
            ])
    }

    @Test("A call that failed has a duration and its error, and no tokens; its model is no series of its own")
    func generativeAIFailed() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(404, #"{"type":"error"}"#)))
        defer { proxy.stop() }
        for name in ["a", "b"] {
            _ = try proxy.message(#"{"model":"unknown-\#(name)","max_tokens":1,"messages":[]}"#)
        }
        #expect(try proxy.samples("gen_ai_client_token_usage_count").isEmpty)
        #expect(
            try proxy.samples("gen_ai_client_operation_duration_seconds_count") == [
                #"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat","#
                    + #"gen_ai_provider_name="anthropic",gen_ai_request_model="other","#
                    + #"gen_ai_response_model="other",error_type="404"} 2"#
            ])
    }
}
