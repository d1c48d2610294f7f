import LedgerCore
package import LedgerRuntime
package import Metrics

/// What the gateway measures itself; totals of runs come from the projection.
package final class GatewayMetrics: Sendable {
    let queueDepth: Family<Gauge>
    let running: Family<Gauge>
    let webSockets: Family<Gauge>
    let duration: Family<Histogram>
    let unrecorded: Family<Counter>
    let slowReaders: Family<Counter>
    let costDifferences: Family<Counter>

    /// Makes the gateway's families in `set`.
    package init(_ set: MetricSet, ledger: Ledger) {
        queueDepth = set.gauge("gateway_dispatch_queue_depth", help: "Runs that wait for a slot.")
        running = set.gauge("gateway_dispatches_running", help: "Runs whose kernel is at work.")
        webSockets = set.gauge("gateway_ws_connections_active", help: "Open WebSocket connections.")
        for gauge in [queueDepth, running, webSockets] { gauge.unlabelled.set(.integer(0)) }
        duration = set.histogram(
            "gateway_kernel_dispatch_duration_seconds", help: "From a kernel's start to its end.",
            labels: ["source"], bounds: Distribution.dispatchSeconds)
        unrecorded = set.counter(
            "gateway_unrecorded_dispatches_total",
            help: "Runs let through with LEDGER_FAIL=open while nothing could be recorded.")
        slowReaders = set.counter(
            "gateway_ws_slow_readers_total", help: "WebSocket connections dropped because they did not read.")
        costDifferences = set.counter(
            "gateway_reported_cost_differences_total",
            help: "Runs whose kernel reports a cost more than 1 % off the ledger's.")
        _ = costDifferences.unlabelled
        set.collect { Self.writeTotals(ledger, to: &$0) }
    }

    private static func writeTotals(_ ledger: Ledger, to writer: inout ExpositionWriter) {
        let (counts, models) = ledger.read { ($0.usage.dispatches, $0.usage.dispatchModels) }
        writer.family(
            "gateway_kernel_dispatch_total", .counter,
            help: "Runs by source and how they ended; from the ledger.")
        let ended = counts.map { (source: $0.key.source.rawValue, status: $0.key.status.rawValue, $0.value) }
        for (source, status, count) in ended.sorted(by: { ($0.source, $0.status) < ($1.source, $1.status) }) {
            writer.sample(["source": source, "status": status], .integer(count))
        }
        var sums: [String: UsageSums] = [:]
        for (key, value) in models {
            let label = ModelLabel.of(key.model, provider: key.provider, in: ledger.prices)
            sums[label, default: UsageSums()].add(value)
        }
        let rows = sums.sorted { $0.key < $1.key }
        writer.family(
            "gateway_ai_cost_usd_total", .counter,
            help: "Cost of runs in USD by model, that of their proxied calls included; from the ledger.")
        for (model, sums) in rows { writer.sample(["model": model], .money(sums.cost)) }
        writer.family(
            "gateway_ai_tokens_total", .counter, help: "Tokens of runs by model; from the ledger.")
        for (model, sums) in rows {
            writer.sample(["model": model, "direction": "input"], .integer(sums.inputTokens))
            writer.sample(["model": model, "direction": "output"], .integer(sums.outputTokens))
        }
    }
}
