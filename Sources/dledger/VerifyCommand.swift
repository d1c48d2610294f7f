import LedgerCore
import LedgerJournal
import LedgerRuntime
import LedgerStore
import Terminal

/// `dledger verify [--home DIR] [--postgres]`.
enum VerifyCommand {
    static let description = CommandDescription(
        name: "verify", summary: "Checks every chain link, every event, and PostgreSQL against the journal.",
        usage: "verify [--home DIR] [--postgres]",
        options: [
            ("--home DIR", "the journal's home (default: LEDGER_HOME)"),
            ("--postgres", "compare rows, hourly sums and checkpoint with the journal's own fold"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let comparesPostgres = arguments.flag("--postgres")
        let home = try arguments.option("--home")
        try arguments.end()
        var settings = try Settings(environment)
        if let home { settings.home = home }
        // The database first: it is behind the journal, never ahead of it.
        let stored = comparesPostgres ? try snapshot(settings) : nil
        var audit = JournalAudit(stopAt: stored?.checkpoint?.position)
        var bar = ProgressBar("verify", total: try JournalSize.bytes(settings))
        do throws(LedgerError) {
            try LedgerSource.replay(settings).lines { line throws(LedgerError) in
                bar.advance(by: Int64(line.bytes.count) + 1)
                audit.check(line, try Replay.decode(line))
            }
        } catch {
            bar.finish()
            let failure = LedgerSource.failure(error)
            Terminal.complain(failure.message)
            return ExitCode.checkFailed
        }
        bar.finish()
        var findings = audit.findings
        Terminal.write("journal: \(audit.events) events, every chain link and every byte checked\n")
        Terminal.write("last position \(audit.position), chain \(audit.chain?.hex ?? "none")\n")
        Terminal.write("\(audit.openCalls) calls open, \(audit.calls) ended\n")
        Terminal.write("\(audit.openDispatches) agent runs open, \(audit.dispatches) ended\n")
        if let stored {
            findings += StoreComparison(stored, audit).findings
            Terminal.write(
                "postgres: \(stored.eventCount) rows up to position \(stored.checkpoint?.position.value ?? 0), "
                    + "\(stored.usage.count) groups of hourly sums\n")
        }
        for finding in findings.prefix(20) { Terminal.complain(finding) }
        if findings.count > 20 { Terminal.complain("and \(findings.count - 20) more") }
        Terminal.write(findings.isEmpty ? "all holds\n" : "\(findings.count) findings\n")
        return findings.isEmpty ? ExitCode.done : ExitCode.checkFailed
    }

    private static func snapshot(_ settings: Settings) throws(CommandFailure) -> StoreSnapshot {
        guard let url = settings.postgresURL else {
            throw CommandFailure(ExitCode.usage, "--postgres needs LEDGER_POSTGRES_URL")
        }
        do throws(StoreError) {
            return try LedgerStore.open(url: url, origin: settings.origin).snapshot()
        } catch { throw CommandFailure(ExitCode.unavailable, "\(error)") }
    }
}
