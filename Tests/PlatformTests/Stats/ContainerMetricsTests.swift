import LedgerCore
import Metrics
import TestSupport
import Testing

@testable import Platform

@Suite("ContainerMetrics")
struct ContainerMetricsTests {
    @Test("Provisions, lack of memory and the disk are in the exposition")
    func families() throws {
        let set = MetricSet()
        let alice = try #require(ContainerHandle("alice"))
        let metrics = ContainerMetrics(
            set, readings: PublishedReadings(), diskPath: "/", ooms: { [alice: 3] })
        metrics.provisions["ok"].increment()
        metrics.provisionDuration.unlabelled.observe(0.3)
        let text = String(decoding: set.render(.prometheusText), as: UTF8.self)
        #expect(text.contains("\nplatform_provision_total{status=\"ok\"} 1\n"))
        #expect(text.contains("\nplatform_provision_duration_seconds_bucket{le=\"0.5\"} 1\n"))
        #expect(text.contains("\nplatform_container_oom_total{handle=\"alice\"} 3\n"))
        let ratio = try #require(
            text.split(separator: "\n").last { $0.hasPrefix("platform_host_disk_used_ratio ") })
        let value = try #require(Double(ratio.split(separator: " ")[1]))
        #expect(value > 0 && value <= 1)
    }

    @Test("promtool accepts all of it")
    func promtool() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        for cpu: UInt64 in [0, 500] {
            await harness.collect { parts in
                parts.clockNanoseconds += 1_000
                parts.engine.run(["alice"], .success(CollectorHarness.sample(cpu: cpu)))
            }
        }
        let said = Promtool.check(harness.metrics.render(.prometheusText))
        #expect(said.status == 0, "\(said.output)")
    }
}
