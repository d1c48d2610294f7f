import LedgerCore
import TestSupport
import Testing

@testable import Gateway

@Suite("GatewayMetrics")
struct GatewayMetricsTests {
    @Test("Registry returns Prometheus text format on /metrics", arguments: Transport.allCases)
    func format(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        #expect(try gateway.message("hello").status == 200)
        let answer = try gateway.routes.send("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let verdict = Promtool.check(Array(answer.text.utf8))
        #expect(verdict.status == 0, "\(verdict.output)")
        for family in [
            "gateway_http_requests_total", "gateway_http_request_duration_seconds",
            "gateway_kernel_dispatch_total", "gateway_kernel_dispatch_duration_seconds",
            "gateway_dispatch_queue_depth", "gateway_ws_connections_active", "gateway_ai_cost_usd_total",
            "gateway_ai_tokens_total",
        ] { #expect(answer.text.contains("# TYPE \(family) "), "\(family) is missing") }
    }

    @Test("HTTP request counter increments on requests", arguments: Transport.allCases)
    func requests(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        for count in 1...3 {
            #expect(try gateway.routes.send("GET", "/health").status == 200)
            #expect(
                try gateway.samples("gateway_http_requests_total").contains(
                    #"gateway_http_requests_total{method="GET",path="/health",status="200"} \#(count)"#))
        }
        _ = try gateway.routes.send("GET", "/no/such/path")
        #expect(
            try gateway.samples("gateway_http_requests_total").contains(
                #"gateway_http_requests_total{method="GET",path="other",status="404"} 1"#))
    }

    @Test("Kernel dispatch counter increments on dispatch", arguments: Transport.allCases)
    func dispatches(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        for count in 1...3 {
            #expect(try gateway.message("hello", fields: #","source":"telegram""#).status == 200)
            #expect(
                try gateway.samples("gateway_kernel_dispatch_total") == [
                    #"gateway_kernel_dispatch_total{source="telegram",status="ok"} \#(count)"#
                ])
        }
        gateway.kernel.always(KernelEnd(failure: KernelFailure(.exit, "died"), usage: []))
        #expect(try gateway.message("hello").status == 200)
        #expect(
            try gateway.samples("gateway_kernel_dispatch_total").contains(
                #"gateway_kernel_dispatch_total{source="api",status="error"} 1"#))
    }

    @Test("AI cost counter tracks cumulative spend", arguments: Transport.allCases)
    func cost(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        for cost in ["0.006", "0.012", "0.018"] {
            _ = try gateway.message("hello")
            #expect(
                try gateway.samples("gateway_ai_cost_usd_total") == [
                    #"gateway_ai_cost_usd_total{model="claude-sonnet-4-5"} \#(cost)"#
                ])
        }
        #expect(
            try gateway.samples("gateway_ai_tokens_total") == [
                #"gateway_ai_tokens_total{model="claude-sonnet-4-5",direction="input"} 3000"#,
                #"gateway_ai_tokens_total{model="claude-sonnet-4-5",direction="output"} 600"#,
            ])
    }

    @Test("WS connections gauge reflects active connections")
    func webSockets() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        let name = "gateway_ws_connections_active"
        #expect(try gateway.samples(name) == ["\(name) 0"])
        do {
            let first = try shell(gateway)
            #expect(try gateway.samples(name) == ["\(name) 1"])
            let second = try shell(gateway)
            #expect(try gateway.samples(name) == ["\(name) 2"])
            _ = (first, second)
        }
        // The server sees the clients leave in its own time.
        for _ in 0..<2_000 where try gateway.samples(name) != ["\(name) 0"] { continue }
        #expect(try gateway.samples(name) == ["\(name) 0"])
    }

    /// A client whose WebSocket is open.
    private func shell(_ gateway: GatewayFixture) throws -> OpenShell {
        let client = try gateway.routes.open()
        let key = try GatewayRoutesFixture.key("ann")
        client.send(
            "GET /ws HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                + "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "x-api-key: \(key)\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        return OpenShell(client: client)
    }

    /// Holds a client open.
    private final class OpenShell {
        let client: RawClient

        init(client: consuming RawClient) { self.client = client }
    }
}
