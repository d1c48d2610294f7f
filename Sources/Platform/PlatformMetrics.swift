import LedgerCore
package import Metrics
import Threads

/// What the Platform measures of provisioning.
package final class PlatformMetrics: Sendable {
    private let duration: Family<Histogram>
    private let provisions: Family<Counter>

    /// Bounds for the time of a provision, in seconds.
    private static let provisionSeconds: [Double] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120]

    /// Containers with a series of their own.
    private static let handlesMax = 2_000

    /// Makes the families in `set`.
    package init(_ set: MetricSet) {
        duration = set.histogram(
            "platform_provision_duration_seconds",
            help: "From a provision's begin until its container is up and recorded.",
            bounds: Self.provisionSeconds)
        provisions = set.counter(
            "platform_provision_total", help: "Provisions by how they ended.", labels: ["status"])
        _ = duration.unlabelled
        for status in ["ok", "failed"] { _ = provisions[status] }
    }

    /// Adds what is known of the containers themselves, read when somebody scrapes: on the loop, as
    /// `orchestrator` asks for.
    package func count(_ set: MetricSet, of orchestrator: Orchestrator) {
        let orchestrator = Confined(orchestrator)
        set.collect { writer in
            let records = orchestrator.value.containers
            let running = records.count(where: \.isRunning)
            writer.family(
                // A gauge in all but its name, which a checker would take for a counter's.
                "platform_containers_total", .unknown, help: "Containers by what they do; from the ledger.")
            writer.sample(["status": "running"], .integer(Int64(running)))
            writer.sample(["status": "stopped"], .integer(Int64(records.count - running)))
            writer.family(
                "platform_container_oom_total", .counter,
                help: "How often the kernel ended a container's process for want of memory; from the ledger.")
            for record in records.prefix(Self.handlesMax) {
                writer.sample(["handle": record.container.handle.text], .integer(record.ooms))
            }
            guard let isUp = orchestrator.value.isEngineReachable else { return }
            writer.family(
                "platform_engine_up", .gauge, help: "Whether the container engine answered last.")
            writer.sample([:], .integer(isUp ? 1 : 0))
        }
    }

    /// Counts a provision that made a container.
    func provisioned(milliseconds: UInt64) {
        duration.unlabelled.observe(Double(milliseconds) / 1_000)
        provisions["ok"].increment()
    }

    /// Counts a provision that failed.
    func provisionFailed() { provisions["failed"].increment() }
}
