import HTTP
import Metrics
import Service
import TestSupport
import Testing

@Suite("ServerMetrics")
struct ServerMetricsTests {
    @Test("counts a request that no route ever saw, by its reason")
    func refused() throws {
        let live = try LiveServer { $0.respond(status: 200) }
        let set = MetricSet()
        ServerMetrics.add(live.server, of: "proxy", to: set)
        let client = try RawClient(port: live.port)
        _ = client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 400"))
        let text = live.onLoop { _ in String(decoding: set.render(.prometheusText), as: UTF8.self) }
        #expect(text.contains("\nproxy_http_requests_refused_total{reason=\"malformed\"} 1\n"))
        #expect(text.contains("\nproxy_http_connections_active "))
        live.stop()
    }
}
