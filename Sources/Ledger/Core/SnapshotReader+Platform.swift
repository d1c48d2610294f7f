/// What the Platform's events and reports leave behind.
extension SnapshotReader {
    static func container(_ line: inout LineScanner) throws(CodecError) -> KnownContainer {
        KnownContainer(
            container: try EventDecoder.container(&line), isRunning: try line.flag("running"),
            ooms: try line.integer("ooms"), changedAt: try line.timestamp("changedAt"))
    }

    private static func report(_ line: inout LineScanner) throws(CodecError) -> (ReportName, KnownReport) {
        let name = ReportName(source: try line.string("source"), reportID: try line.string("reportId"))
        return (
            name,
            KnownReport(digest: try line.string("digest"), position: Position(try line.integer("position")))
        )
    }

    /// Reads reports of usage, then results of providers' reports.
    mutating func readReports(
        _ count: Int64, reconciliations: Int64, into state: inout LedgerState
    ) throws(CodecError) {
        state.reports = try reports(count)
        for _ in 0..<reconciliations {
            let known = try entry(Self.reconciliation)
            try insert(known, at: known.result.name, into: &state.reconciliations)
        }
    }

    private static func reconciliation(_ line: inout LineScanner) throws(CodecError) -> KnownReconciliation {
        let position = Position(try line.integer("position"))
        let recordedAt = try line.timestamp("recordedAt")
        return KnownReconciliation(
            result: try EventDecoder.reconciled(&line), position: position, recordedAt: recordedAt)
    }

    /// Reads `count` reports, which stand in the order of their positions.
    private mutating func reports(_ count: Int64) throws(CodecError) -> KnownReports {
        var reports = KnownReports()
        var last: Position?
        for _ in 0..<count {
            let (name, report) = try entry(Self.report)
            guard last.map({ $0 < report.position }) ?? true, reports[name] == nil
            else { throw .badSnapshot("a report out of order") }
            reports.keep(report, called: name)
            last = report.position
        }
        return reports
    }
}
