import LedgerCore
import LedgerRuntime
import Metrics

/// What the proxy measures itself; totals by user and model come from the projection.
final class ProxyMetrics: Sendable {
    let refused: Family<Counter>
    let unrecorded: Family<Counter>
    let retries: Family<Counter>
    let familyMismatch: Family<Counter>
    let upstreamDuration: Family<Histogram>
    let firstByte: Family<Histogram>
    let genAI: GenAIMetrics

    init(_ set: MetricSet, ledger: Ledger, usersMax: Int) {
        refused = set.counter(
            "proxy_requests_refused_total", help: "Requests refused before they became a call, by reason.",
            labels: ["reason"])
        unrecorded = set.counter(
            "proxy_unrecorded_calls_total",
            help: "Calls let through with LEDGER_FAIL=open while nothing could be recorded.")
        retries = set.counter(
            "proxy_call_retries_total",
            help: "Calls that are a further try of a request, as their client says, by provider.",
            labels: ["provider"])
        familyMismatch = set.counter(
            "proxy_model_family_mismatch_total",
            help: "Answers from another model than was asked for; priced as the one that answered.",
            labels: ["provider", "request_model", "response_model"],
            limits: FamilyLimits(childrenMax: 300))
        upstreamDuration = set.histogram(
            "proxy_upstream_duration_seconds", help: "From sending a request to the last byte of its answer.",
            labels: ["provider"], bounds: Distribution.dispatchSeconds)
        firstByte = set.histogram(
            "proxy_time_to_first_byte_seconds", help: "From sending a request to the head of its answer.",
            labels: ["provider"], bounds: Distribution.dispatchSeconds)
        genAI = GenAIMetrics(set, prices: ledger.prices)
        set.collect { Self.writeTotals(ledger, usersMax, to: &$0) }
    }

    private static func writeTotals(_ ledger: Ledger, _ usersMax: Int, to writer: inout ExpositionWriter) {
        let totals = ModelTotals(ledger.read { $0.usage }, prices: ledger.prices, usersMax: usersMax)
        writer.family(
            "proxy_api_calls_total", .counter,
            help: "Calls by user, model and how they ended; from the ledger.")
        for (key, sums) in totals.rows {
            let ended = [
                ("ok", sums.calls - sums.errors), ("error", sums.errors), ("rejected", sums.rejected),
            ]
            for (status, count) in ended where count > 0 {
                writer.sample(["user_id": key.user, "model": key.model, "status": status], .integer(count))
            }
        }
        writer.family(
            "proxy_api_cost_usd_total", .counter,
            help: "Cost in USD by user and model as first recorded, never corrected; from the ledger.")
        for (key, sums) in totals.rows {
            writer.sample(["user_id": key.user, "model": key.model], .money(sums.billed))
        }
        writer.family(
            "proxy_api_cost_adjustment_usd", .gauge,
            help: "What corrections add to that cost; negative where it was too much; from the ledger.")
        for (key, sums) in totals.rows where sums.adjustments > 0 {
            writer.sample(["user_id": key.user, "model": key.model], .money(sums.adjusted))
        }
        writer.family(
            "proxy_quota_rejections_total", .counter, help: "Calls refused by a quota; from the ledger.")
        for (user, count) in totals.rejections { writer.sample(["user_id": user], .integer(count)) }
    }
}
