import LedgerCore
import Metrics

/// The gauges of the last result of each report of each provider.
struct ReconciliationMetrics {
    private let known: [KnownReconciliation]

    init(_ state: LedgerState) {
        known = state.reconciliations.values.sorted { $0.position < $1.position }
    }

    func write(to writer: inout ExpositionWriter) {
        writer.family(
            "ledger_capture_ratio", .gauge,
            help: "What the ledger has of one of the provider's, row by row, by its last recorded report: of "
                + "cost where that has costs, else of tokens.")
        for result in known.map(\.result) {
            guard let (measure, ratio) = result.capture else { continue }
            writer.sample(
                ["provider": result.provider, "report": result.report, "measure": measure], .double(ratio))
        }
        writer.family(
            "ledger_capture_checked_timestamp_seconds", .gauge,
            help: "When that was recorded, in seconds since 1970.")
        for known in known {
            writer.sample(
                ["provider": known.result.provider, "report": known.result.report],
                .double(Double(known.recordedAt.microseconds) / 1e6))
        }
    }
}

extension UsageReconciled {
    /// For a gauge, where figures meet floating point; nil: there is nothing that a share could be of.
    fileprivate var capture: (measure: String, ratio: Double)? {
        if let cost {
            return cost.provider > .zero
                ? ("cost", Double(cost.share.attos) / Double(cost.provider.attos)) : nil
        }
        guard let tokens, tokens.provider > 0 else { return nil }
        return ("tokens", Double(tokens.share) / Double(tokens.provider))
    }
}
