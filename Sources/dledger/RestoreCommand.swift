import LedgerRuntime
import Terminal

/// `dledger restore DIR [--home DIR]`.
enum RestoreCommand {
    static let description = CommandDescription(
        name: "restore", summary: "Puts a backup's journal into a home that has none, every hash checked.",
        usage: "restore DIR [--home DIR] [--json]",
        options: [
            ("DIR", "the backup, made by `dledger backup`"),
            ("--home DIR", "where to (default: LEDGER_HOME); nothing there is overwritten"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let home = try arguments.option("--home")
        let isJSON = arguments.flag("--json")
        let directory = arguments.word()
        try arguments.end()
        guard let directory else {
            throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
        var settings = try Settings(environment)
        if let home { settings.useHome(home) }
        let logs = LedgerSource.configuration(settings).logsDirectory
        let manifest: BackupManifest
        do throws(CopyError) {
            let restore = Restore(from: Settings.directory(directory))
            manifest = try restore.manifest()
            var bar = ProgressBar("restore", total: manifest.bytes * 2, counting: "events")
            defer { bar.finish() }
            try restore.run(manifest, into: logs) { events, bytes in
                bar.advance(by: Int64(bytes), items: Int64(events))
            }
        } catch { throw LedgerSource.failure(error) }
        if isJSON {
            Terminal.write(BackupReport.json(manifest, copied: nil))
        } else {
            Terminal.write("every hash and every chain link holds\n" + BackupReport.text(manifest, in: logs))
        }
        if settings.origin != manifest.origin {
            Terminal.complain(
                "this journal is served with LEDGER_ORIGIN=\(manifest.origin); here it is \(settings.origin)")
        }
        return ExitCode.done
    }
}
