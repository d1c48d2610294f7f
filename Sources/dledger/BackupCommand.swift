import JSON
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Terminal

/// `dledger backup DIR [--home DIR]`.
enum BackupCommand {
    static let description = CommandDescription(
        name: "backup", summary: "Copies the journal into a folder, also while the server runs.",
        usage: "backup DIR [--home DIR] [--check] [--json]",
        options: [
            ("DIR", "the backup; one that is there is brought up to date with what was appended since"),
            ("--home DIR", "the journal's home (default: LEDGER_HOME)"),
            ("--check", "copy nothing; check every hash and chain link of the backup"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let home = try arguments.option("--home")
        let isJSON = arguments.flag("--json")
        let checks = arguments.flag("--check")
        let directory = arguments.word()
        try arguments.end()
        guard let directory else {
            throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
        let path = Settings.directory(directory)
        if checks { return try check(path, isJSON: isJSON) }
        var settings = try Settings(environment)
        if let home { settings.useHome(home) }
        var bar = ProgressBar("backup", total: try JournalSize.bytes(settings), counting: "events")
        let outcome: Backup.Outcome
        do throws(CopyError) {
            outcome = try Backup(LedgerSource.configuration(settings), to: path).run { events, bytes in
                bar.advance(by: Int64(bytes), items: Int64(events))
            }
            bar.finish()
        } catch {
            bar.finish()
            throw LedgerSource.failure(error)
        }
        if isJSON {
            Terminal.write(BackupReport.json(outcome.manifest, copied: (outcome.after, outcome.bytes)))
        } else {
            let events = outcome.manifest.position - outcome.after
            Terminal.write("copied \(Counted.text(events, "event")), \(outcome.bytes) bytes\n")
            Terminal.write(BackupReport.text(outcome.manifest, in: path))
        }
        return ExitCode.done
    }

    private static func check(_ path: String, isJSON: Bool) throws(CommandFailure) -> Int32 {
        let manifest: BackupManifest
        do throws(CopyError) {
            let restore = Restore(from: path)
            manifest = try restore.manifest()
            var bar = ProgressBar("check", total: manifest.bytes * 2, counting: "events")
            defer { bar.finish() }
            try restore.check(manifest) { events, bytes in
                bar.advance(by: Int64(bytes), items: Int64(events))
            }
        } catch { throw LedgerSource.failure(error) }
        Terminal.write(
            isJSON
                ? BackupReport.json(manifest, copied: nil)
                : Array((BackupReport.text(manifest, in: path) + "all holds\n").utf8))
        return ExitCode.done
    }
}

/// What a backup holds, in words and as JSON.
enum BackupReport {
    static func text(_ manifest: BackupManifest, in path: String) -> String {
        "\(path) holds \(Counted.text(manifest.position, "event")) of \"\(manifest.origin)\" in "
            + "\(Counted.text(manifest.files.count, "file")), \(manifest.bytes) bytes\nlast position \(manifest.position), chain \(manifest.chain.hex)\n"
    }

    static func json(_ manifest: BackupManifest, copied: (after: Int64, bytes: Int64)?) -> [UInt8] {
        JSONText.object { json in
            json.member("origin", manifest.origin)
            json.member("position", manifest.position)
            json.member("chain", manifest.chain.hex)
            json.member("time", manifest.time.text)
            json.member("files", manifest.files.count)
            json.member("bytes", manifest.bytes)
            if let copied {
                json.member("copiedEvents", manifest.position - copied.after)
                json.member("copiedBytes", copied.bytes)
            }
        } + [UInt8(ascii: "\n")]
    }
}
