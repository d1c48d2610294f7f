import LedgerCore
package import LedgerRuntime

extension EventRoutes.Recorder {
    /// Records in `ledger`.
    package init(_ ledger: Ledger) {
        self.init(
            append: { report, reply in
                ledger.submit(.reportUsage(report)) { reply(Self.outcome(of: $0, report, ledger)) }
            },
            known: { source, id in ledger.read { $0.state.report(source: source, id: id) } })
    }

    private static func outcome(
        of result: Result<Receipt, LedgerError>, _ report: UsageReported, _ ledger: Ledger
    ) -> ReportOutcome {
        switch result {
        case .success(let receipt):
            if let position = receipt.position { return .recorded(position) }
            // Nothing was appended: it was there already.
            let known = ledger.read { $0.state.report(source: report.source, id: report.reportID) }
            return known.map { .repeated($0.position) } ?? .failed(.unavailable("the report is not known"))
        case .failure(.rejected(.anotherReport(let position))): return .conflict(position)
        case .failure(let error): return .failed(error)
        }
    }
}
