import LedgerCore

/// Compares what a kernel says that its run cost with what the ledger has.
///
/// Kernels price with tables of their own: a figure that strays shows an old table, a price that changed, or
/// calls that went past the Proxy.
enum CostComparison {
    /// Whether the two differ by more than a hundredth of the ledger's; false where one is not known.
    static func differs(_ run: DispatchCompleted) -> Bool {
        guard let reported = run.reportedCost, run.cost.state != .unpriced else { return false }
        let own = run.cost.amount.attos
        let (difference, overflow) = reported.attos.subtractingReportingOverflow(own)
        return overflow || difference.magnitude > own.magnitude / 100
    }
}
