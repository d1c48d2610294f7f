/// What the Platform's events and reports leave behind.
extension SnapshotReader {
    static func container(_ line: inout LineScanner) throws(CodecError) -> (ContainerHandle, KnownContainer) {
        let known = KnownContainer(
            container: try EventDecoder.container(&line), isRunning: try line.flag("running"),
            ooms: try line.integer("ooms"), changedAt: try line.timestamp("changedAt"))
        return (known.container.handle, known)
    }

    private static func report(_ line: inout LineScanner) throws(CodecError) -> (ReportName, KnownReport) {
        let name = ReportName(source: try line.string("source"), reportID: try line.string("reportId"))
        return (
            name,
            KnownReport(digest: try line.string("digest"), position: Position(try line.integer("position")))
        )
    }

    static func reconciliation(
        _ line: inout LineScanner
    ) throws(CodecError) -> (ReportName, KnownReconciliation) {
        let position = Position(try line.integer("position"))
        let recordedAt = try line.timestamp("recordedAt")
        let result = try EventDecoder.reconciled(&line)
        return (
            result.name, KnownReconciliation(result: result, position: position, recordedAt: recordedAt)
        )
    }

    /// Reads `count` reports, which stand in the order of their positions.
    mutating func reports(_ count: Int64) throws(CodecError) -> KnownReports {
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
