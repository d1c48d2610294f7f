import Files
import JSON
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Terminal

/// `dledger export focus|csv|jsonl [--from TIME] [--to TIME]`.
enum ExportCommand {
    static let description = CommandDescription(
        name: "export", summary: "Writes what was spent as FOCUS 1.2 or CSV, or the events as they are.",
        usage:
            "export focus|csv|jsonl [--from TIME] [--to TIME] [--user USER] [--output FILE] [--prices FILE]… [--raw] [--json]",
        options: [
            ("focus", "the FinOps Open Cost and Usage Specification: a row for each hour and kind of use"),
            ("csv", "one row for each call, and for each run or report that is money of its own"),
            ("jsonl", "the events, byte for byte as the journal has them"),
            ("--from TIME", "30d, 2026-11-01 or a full time (default: the first event)"),
            (
                "--to TIME",
                "up to, and without, this moment (default: now); focus takes whole hours, csv a correction with what it corrects"
            ),
            ("--user USER", "only this user's"),
            ("--output FILE", "a file that appears when it is whole (default: standard output)"),
            (
                "--prices FILE",
                "a price book that was in force, to take costs apart by bucket; as often as needed"
            ),
            ("--raw", "leave cells that a spreadsheet takes for a formula as they are"),
            ("--json", "say what was written as one JSON document; needs --output"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let times = (from: try arguments.option("--from"), to: try arguments.option("--to"))
        let name = try arguments.option("--user")
        let output = try arguments.option("--output")
        var priceFiles: [String] = []
        while let path = try arguments.option("--prices") { priceFiles.append(path) }
        let isRaw = arguments.flag("--raw")
        let isJSON = arguments.flag("--json")
        let word = arguments.word()
        try arguments.end()
        guard let form = word.flatMap(Export.Form.init(rawValue:)) else {
            throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
        if isJSON, output == nil {
            throw CommandFailure(
                ExitCode.usage, "--json needs --output: standard output has the export itself")
        }
        let user = try name.map { name throws(CommandFailure) in
            guard let user = UserID(name) else {
                throw CommandFailure(ExitCode.usage, "\"\(name)\" is no user's name")
            }
            return user
        }
        let settings = try Settings(environment)
        let range = try range(
            times, wholeHours: form == .focus, now: LedgerSource.configuration(settings).now())
        let books = form == .focus ? try books(priceFiles, settings) : []
        let bytes = try JournalSize.bytes(settings)
        let file: ExportFile
        do throws(FileError) { file = try ExportFile(output) } catch {
            throw CommandFailure(ExitCode.cannotWrite, "\(error)")
        }
        let export = Export(
            form, origin: settings.origin, range: range, user: user, books: books, guardingFormulas: !isRaw,
            to: file)
        let outcome = try write(export, to: file, settings, bytes)
        if isJSON {
            Terminal.write(json(outcome, form, range))
        } else if output != nil {
            Terminal.note(
                "\(Counted.text(outcome.rows, "row")) of \(Counted.text(outcome.events, "event")), "
                    + "\(outcome.cost.decimalText) USD")
        }
        return ExitCode.done
    }

    private static func write(
        _ export: Export, to file: ExportFile, _ settings: Settings, _ bytes: Int64
    ) throws(CommandFailure) -> Export.Outcome {
        var export = export
        var bar = ProgressBar("export", total: bytes, counting: "events")
        var refusal: ExportError?
        do {
            defer { bar.finish() }
            try export.begin()
            try LedgerSource.replay(settings).lines { line throws(LedgerError) in
                bar.advance(by: Int64(line.bytes.count) + 1, items: 1)
                let event = try Replay.decode(line)
                do throws(ExportError) { try export.add(event, line) } catch {
                    refusal = error
                    throw .closed
                }
            }
            try export.end()
            do throws(FileError) { try file.finish() } catch { throw ExportError.file(error) }
            return export.outcome
        } catch {
            file.giveUp()
            if let refusal = refusal ?? (error as? ExportError) { throw failure(refusal) }
            guard let error = error as? LedgerError else {
                throw CommandFailure(ExitCode.cannotWrite, "\(error)")
            }
            throw LedgerSource.failure(error)
        }
    }

    private static func failure(_ error: ExportError) -> CommandFailure {
        switch error {
        case .file(let error): CommandFailure(ExitCode.cannotWrite, "\(error)")
        case .differs(let place):
            CommandFailure(
                ExitCode.checkFailed,
                "the rows do not come to what the ledger has in \(place); nothing is exported: please report this"
            )
        }
    }

    /// The range; nothing before the first event, nothing in the future.
    private static func range(
        _ times: (from: String?, to: String?), wholeHours: Bool, now: Timestamp
    ) throws(CommandFailure) -> Range<Timestamp> {
        func moment(_ text: String, _ option: String) throws(CommandFailure) -> Timestamp {
            let moment = try TimeArgument.moment(text, before: now)
            guard wholeHours, moment.hour != moment else { return moment }
            // A relative time falls anywhere in its hour; who names a moment means it.
            guard Timestamp(Array(text.utf8)) == nil else {
                throw CommandFailure(
                    ExitCode.usage, "\(option) is \(text); focus has a row an hour: give a whole hour")
            }
            return moment.hour
        }
        let from = try times.from.map { text throws(CommandFailure) in try moment(text, "--from") }
        let to = try times.to.map { text throws(CommandFailure) in try moment(text, "--to") }
        let first = from ?? Timestamp(microseconds: 0)
        let last = to ?? max(Timestamp(microseconds: now.microseconds + 1), first)
        guard first <= last else {
            throw CommandFailure(ExitCode.usage, "--from \(first.text) lies behind --to \(last.text)")
        }
        return first..<last
    }

    /// The books that are here: those named, the one in force, and the one that is built in.
    private static func books(_ paths: [String], _ settings: Settings) throws(CommandFailure) -> [PriceBook] {
        var books: [PriceBook] = []
        for path in paths { books.append(try PriceSource.load(path, naming: "--prices").book) }
        if let path = settings.pricesPath { books.append(try PriceSource.load(path).book) }
        books.append(try PriceSource.load(nil).book)
        return books
    }

    private static func json(
        _ outcome: Export.Outcome, _ form: Export.Form, _ range: Range<Timestamp>
    ) -> [UInt8] {
        JSONText.object { json in
            json.member("form", form.rawValue)
            json.member("from", range.lowerBound.text)
            json.member("to", range.upperBound.text)
            json.member("events", outcome.events)
            json.member("rows", outcome.rows)
            json.key("costUsd")
            json.raw(outcome.cost.decimalText)
        } + [UInt8(ascii: "\n")]
    }
}
