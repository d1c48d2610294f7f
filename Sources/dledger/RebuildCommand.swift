import JSON
import LedgerCore
import LedgerRuntime
import LedgerStore
import Terminal

/// `dledger rebuild postgres` and `dledger rebuild journal --from-postgres`.
enum RebuildCommand {
    static let description = CommandDescription(
        name: "rebuild", summary: "Makes PostgreSQL anew from the journal, or the journal from PostgreSQL.",
        usage:
            "rebuild postgres [--home DIR] [--yes] [--discard] [--json] | journal --from-postgres [--home DIR] [--json]",
        options: [
            ("postgres", "erases the schema `ledger`, makes it again and copies the whole journal into it"),
            ("journal", "writes the journal anew, byte for byte, where there is none"),
            ("--from-postgres", "from the lines that PostgreSQL holds"),
            ("--home DIR", "the journal's home (default: LEDGER_HOME)"),
            ("--yes", "do not ask before erasing"),
            ("--discard", "erase even a database that holds what the journal does not"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let home = try arguments.option("--home")
        let isJSON = arguments.flag("--json")
        let isSure = arguments.flag("--yes")
        let isDiscarding = arguments.flag("--discard")
        let fromPostgres = arguments.flag("--from-postgres")
        let target = arguments.word()
        try arguments.end()
        var settings = try Settings(environment)
        if let home { settings.useHome(home) }
        switch (target, fromPostgres) {
        case ("postgres", false):
            return try postgres(settings, isSure: isSure, isDiscarding: isDiscarding, isJSON: isJSON)
        case ("journal", true): return try journal(settings, isJSON: isJSON)
        default: throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
    }

    private static func postgres(
        _ settings: Settings, isSure: Bool, isDiscarding: Bool, isJSON: Bool
    ) throws(CommandFailure) -> Int32 {
        let bytes = try JournalSize.bytes(settings)
        let store = try PostgresSource.open(settings, for: "rebuild postgres")
        if !isSure {
            guard Terminal.canAsk else {
                throw CommandFailure(
                    ExitCode.usage, "rebuild postgres erases the database's schema: give --yes")
            }
            let question = "Erase the schema `ledger` and copy the journal in \(settings.home) into it?"
            guard Terminal.confirm(question) else {
                throw CommandFailure(ExitCode.usage, "nothing was changed")
            }
        }
        var bar = ProgressBar("rebuild", total: bytes, counting: "events")
        let logs = LedgerSource.configuration(settings).logsDirectory
        let outcome: PostgresRebuild.Outcome
        do throws(CopyError) {
            let rebuild = PostgresRebuild(store, logsDirectory: logs)
            outcome = try rebuild.run(discarding: isDiscarding) { events, bytes in
                bar.advance(by: Int64(bytes), items: Int64(events))
            }
            bar.finish()
        } catch {
            bar.finish()
            throw LedgerSource.failure(error)
        }
        let isWhole = outcome.rows == outcome.position.value
        if isJSON {
            Terminal.write(
                JSONText.object { json in
                    json.member("position", outcome.position.value)
                    json.member("rows", outcome.rows)
                } + [UInt8(ascii: "\n")])
        } else {
            Terminal.write(
                "postgres: \(Counted.text(outcome.rows, "row")) up to position \(outcome.position.value)\n"
                    + (isWhole ? "dledger verify --postgres compares every one of them\n" : ""))
        }
        guard isWhole else {
            throw CommandFailure(ExitCode.checkFailed, "the journal has \(outcome.position.value) events")
        }
        return ExitCode.done
    }

    private static func journal(_ settings: Settings, isJSON: Bool) throws(CommandFailure) -> Int32 {
        let store = try PostgresSource.open(settings, for: "rebuild journal")
        let logs = LedgerSource.configuration(settings).logsDirectory
        do throws(CopyError) {
            let rebuild = JournalRebuild(store, logsDirectory: logs)
            var bar = ProgressBar("rebuild", total: try rebuild.lastPosition(), counting: "events")
            defer { bar.finish() }
            try rebuild.run { events in bar.advance(by: Int64(events), items: Int64(events)) }
        } catch { throw LedgerSource.failure(error) }
        return try VerifyCommand.verify(settings, postgresURL: nil, isJSON: isJSON)
    }
}
