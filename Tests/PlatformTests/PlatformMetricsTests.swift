import HTTP
import Metrics
import Service
import TestSupport
import Testing

@testable import Platform

@Suite("Platform metrics")
struct PlatformMetricsTests {
    /// The world's metrics as its `/metrics` answers them.
    private func scrape(_ world: OrchestratorWorld) throws -> String {
        let shell = ServiceShell(
            named: "platform", set: world.set, scrape: { [set = world.set] in set.render($0) },
            health: { HealthReport(.ok, parts: []) })
        let exchange = HTTPExchange(
            inMemory: HTTPRequestHead(method: "GET", target: "/metrics", headers: [:]))
        shell.handle(exchange)
        let answer = try #require(exchange.recorded)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        return answer.text
    }

    private func samples(_ name: String, _ world: OrchestratorWorld) throws -> [String] {
        try scrape(world).split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) }
    }

    @Test("Container count gauge reflects running/stopped containers")
    func count() throws {
        let world = OrchestratorWorld()
        world.count()
        for (provisioned, handle) in ["ann", "bob", "cy"].enumerated() {
            #expect(
                try samples("platform_containers_total{", world) == [
                    #"platform_containers_total{status="running"} \#(provisioned)"#,
                    #"platform_containers_total{status="stopped"} 0"#,
                ])
            _ = try world.provision(handle)
            world.run(milliseconds: 500)
        }
        _ = try world.stop("bob")
        world.run()
        #expect(
            try samples("platform_containers_total{", world) == [
                #"platform_containers_total{status="running"} 2"#,
                #"platform_containers_total{status="stopped"} 1"#,
            ])
        _ = try world.destroy("bob")
        world.run()
        #expect(
            try samples("platform_containers_total{", world) == [
                #"platform_containers_total{status="running"} 2"#,
                #"platform_containers_total{status="stopped"} 0"#,
            ])
    }

    @Test("Provision histogram records duration")
    func duration() throws {
        let world = OrchestratorWorld()
        world.count()
        #expect(
            try samples("platform_provision_duration_seconds_count", world) == [
                "platform_provision_duration_seconds_count 0"
            ])
        world.engine.health = .starting
        _ = try world.provision()
        world.run(milliseconds: 3_000)
        world.engine.containers["id-1"]?.health = .healthy
        world.run(milliseconds: 1_000)
        world.engine.failures[.create] = [.init(error: .refused(status: 500, message: "no space"))]
        _ = try world.provision("bob")
        world.run()
        let text = try samples("platform_provision", world)
        #expect(text.contains(#"platform_provision_duration_seconds_bucket{le="2.5"} 0"#))
        #expect(text.contains(#"platform_provision_duration_seconds_bucket{le="5.0"} 1"#))
        #expect(text.contains("platform_provision_duration_seconds_sum 3.25"))
        #expect(text.contains("platform_provision_duration_seconds_count 1"))
        #expect(text.contains(#"platform_provision_total{status="ok"} 1"#))
        #expect(text.contains(#"platform_provision_total{status="failed"} 1"#))
    }

    @Test("`/metrics` endpoint returns valid Prometheus format")
    func format() throws {
        let world = OrchestratorWorld()
        world.count()
        _ = try world.provision()
        world.run(milliseconds: 500)
        world.tell(.oom, "id-1")
        world.run()
        let text = try scrape(world)
        #expect(text.contains(#"platform_container_oom_total{handle="ann"} 1"#))
        #expect(text.contains("# TYPE platform_provision_duration_seconds histogram"))
        let checked = Promtool.check(Array(text.utf8))
        #expect(checked.status == 0, "\(checked.output)")
    }
}
