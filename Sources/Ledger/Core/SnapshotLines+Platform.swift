/// What the Platform's events and reports leave behind.
extension SnapshotLines {
    mutating func add(_ known: KnownContainer) {
        add { line in
            line.field("user", known.container.user.text)
            EventEncoder.write(known.container, to: &line)
            line.flag("running", known.isRunning)
            line.field("ooms", known.ooms)
            line.field("changedAt", known.changedAt)
        }
    }

    mutating func add(_ name: ReportName, _ report: KnownReport) {
        add { line in
            line.field("source", name.source)
            line.field("reportId", name.reportID)
            line.field("digest", report.digest)
            line.field("position", report.position.value)
        }
    }

    mutating func add(_ known: KnownReconciliation) {
        add { line in
            line.field("position", known.position.value)
            line.field("recordedAt", known.recordedAt)
            EventEncoder.write(known.result, to: &line)
        }
    }
}
