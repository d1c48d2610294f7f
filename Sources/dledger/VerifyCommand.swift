import JSON
import LedgerJournal
import LedgerRuntime
import LedgerStore
import Terminal

/// `dledger verify [--home DIR] [--postgres]`.
enum VerifyCommand {
    static let description = CommandDescription(
        name: "verify", summary: "Checks every chain link, every event, and PostgreSQL against the journal.",
        usage: "verify [--home DIR] [--postgres] [--json]",
        options: [
            ("--home DIR", "the journal's home (default: LEDGER_HOME)"),
            ("--postgres", "compare every line, row, sum and limit there with the journal's own fold"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let isJSON = arguments.flag("--json")
        let comparesPostgres = arguments.flag("--postgres")
        let home = try arguments.option("--home")
        try arguments.end()
        var settings = try Settings(environment)
        if let home { settings.useHome(home) }
        let url = comparesPostgres ? try PostgresSource.url(settings, for: "--postgres") : nil
        return try verify(settings, postgresURL: url, isJSON: isJSON)
    }

    /// Runs the checks behind a progress bar and says what they came to; returns the exit code.
    static func verify(
        _ settings: Settings, postgresURL: String?, isJSON: Bool
    ) throws(CommandFailure) -> Int32 {
        let bytes = try JournalSize.bytes(settings)
        let parts: Int64 = postgresURL == nil ? 1 : 2
        var bar = ProgressBar("verify", total: bytes * parts, counting: "events")
        let report: VerificationReport
        do throws(VerificationError) {
            report = try Verification(LedgerSource.configuration(settings), postgresURL: postgresURL).run {
                step in
                // The server's half of the work is as long as the journal's.
                let share = step.rowsInStore > 0 ? bytes / step.rowsInStore : 0
                bar.advance(by: Int64(step.bytes) + step.rowsChecked * share, items: Int64(step.events))
            }
            bar.finish()
        } catch {
            bar.finish()
            guard case .journal(let damage) = error else { throw LedgerSource.failure(error) }
            Terminal.complain(LedgerSource.failure(damage).message)
            return ExitCode.checkFailed
        }
        if isJSON { Terminal.write(json(report)) } else { say(report) }
        return report.findings.isEmpty ? ExitCode.done : ExitCode.checkFailed
    }

    private static func say(_ report: VerificationReport) {
        Terminal.write(
            "journal: \(Counted.text(report.events, "event")), every chain link and every byte checked\n")
        Terminal.write("last position \(report.position), chain \(report.chain?.hex ?? "none")\n")
        Terminal.write("\(Counted.text(report.calls.open, "call")) open, \(report.calls.ended) ended\n")
        Terminal.write(
            "\(Counted.text(report.dispatches.open, "agent run")) open, \(report.dispatches.ended) ended\n")
        if let position = report.snapshotPosition {
            Terminal.write("snapshot: what was saved at position \(position) is what the journal folds to\n")
        }
        if let store = report.store { say(store) }
        for remark in report.remarks.prefix(20) { Terminal.write("remark: \(remark)\n") }
        if report.remarks.count > 20 { Terminal.write("and \(report.remarks.count - 20) more remarks\n") }
        for finding in report.findings.prefix(20) { Terminal.complain(finding) }
        if report.findings.count > 20 { Terminal.complain("and \(report.findings.count - 20) more") }
        Terminal.write(
            report.findings.isEmpty ? "all holds\n" : Counted.text(report.findings.count, "finding") + "\n")
    }

    private static func say(_ store: VerificationReport.Store) {
        Terminal.write(
            "postgres: \(Counted.text(store.rows, "row")) up to position \(store.position), "
                + "\(Counted.text(store.linesChecked, "line")) hashed by the server\n")
        let sums = RollupTable.allCases.map { "\(store.rollupRows[$0] ?? 0) in \($0.name)" }
        Terminal.write("postgres: sums: \(sums.joined(separator: ", "))\n")
        Terminal.write(
            "postgres: \(Counted.text(store.quotas, "user's limits", "users' limits")), "
                + "\(Counted.text(store.containers, "container"))\n")
        if store.sealedMonths > 0 {
            Terminal.write(
                "postgres: \(Counted.text(store.sealedMonths, "month")) sealed, "
                    + "\(Counted.text(store.retired, "event")) retired with them\n")
        }
        guard store.lagEvents > 0 else { return }
        Terminal.write(
            "postgres is \(Counted.text(store.lagEvents, "event")) behind; compared up to position \(store.position)\n"
        )
    }

    private static func json(_ report: VerificationReport) -> [UInt8] {
        JSONText.object { json in
            json.member("holds", report.findings.isEmpty)
            json.member("events", report.events)
            json.member("position", report.position)
            json.member("chain", report.chain?.hex)
            json.member("openCalls", report.calls.open)
            json.member("endedCalls", report.calls.ended)
            json.member("openDispatches", report.dispatches.open)
            json.member("endedDispatches", report.dispatches.ended)
            if let position = report.snapshotPosition { json.member("snapshotPosition", position) }
            if let store = report.store {
                json.key("postgres")
                json.object { json in
                    json.member("position", store.position)
                    json.member("lagEvents", store.lagEvents)
                    json.member("rows", store.rows)
                    json.member("linesChecked", store.linesChecked)
                    json.member("retiredEvents", store.retired)
                    json.member("sealedMonths", store.sealedMonths)
                    json.member("hourlyRows", store.rollupRows[.hourly] ?? 0)
                    json.member("dailyRows", store.rollupRows[.daily] ?? 0)
                    json.member("userMonthlyRows", store.rollupRows[.byUserMonthly] ?? 0)
                    json.member("userDailyRows", store.rollupRows[.byUserDaily] ?? 0)
                    json.member("modelHourlyRows", store.rollupRows[.byModelHourly] ?? 0)
                    json.member("modelDailyRows", store.rollupRows[.byModelDaily] ?? 0)
                    json.member("quotas", store.quotas)
                    json.member("containers", store.containers)
                }
            }
            json.key("findings")
            json.array { json in for finding in report.findings { json.string(finding) } }
            json.key("remarks")
            json.array { json in for remark in report.remarks { json.string(remark) } }
        } + [UInt8(ascii: "\n")]
    }
}
