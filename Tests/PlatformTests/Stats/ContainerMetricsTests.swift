import LedgerCore
import Metrics
import TestSupport
import Testing

@testable import Platform

@Suite("ContainerMetrics")
struct ContainerMetricsTests {
    @Test("The disk is in the exposition")
    func disk() throws {
        let set = MetricSet()
        ContainerMetrics.add(to: set, readings: PublishedReadings(), diskPath: "/")
        let text = String(decoding: set.render(.prometheusText), as: UTF8.self)
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
