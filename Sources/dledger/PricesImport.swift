import Files
import JSON
import LedgerCore
import LedgerRuntime
import Lifecycle
import Terminal

/// `dledger prices import`: what a published table changes, and the book with it.
struct PricesImport {
    private let file: String
    private let secondFile: String?
    private let output: String?
    private let isJSON: Bool
    private let bookSource: String
    private let work: PriceImport

    init(_ arguments: inout Arguments, _ environment: Environment) throws(CommandFailure) {
        let format = try arguments.option("--format")
        secondFile = try arguments.option("--with")
        output = try arguments.option("--output")
        let day = try arguments.option("--from")
        let source = try arguments.option("--source")
        isJSON = arguments.flag("--json")
        let takesHistory = arguments.flag("--history")
        let prunes = arguments.flag("--prune")
        let adds = !arguments.flag("--only-known")
        guard let file = arguments.word() else {
            throw CommandFailure(ExitCode.usage, "usage: dledger prices import FILE; see --help")
        }
        try arguments.end()
        self.file = file
        let published = try Self.table(file, format)
        let second = try secondFile.map { path throws(CommandFailure) in try Self.table(path, nil) }
        let names = [published.format.rawValue] + (second.map { [$0.format.rawValue] } ?? [])
        let today = Timestamp(microseconds: SystemClock.nowMicroseconds()).day
        let (book, bookSource) = try PriceSource.load(environment["LEDGER_PRICES"])
        self.bookSource = bookSource
        var work = PriceImport(
            book: book, published: published, second: second, from: try Self.day(day)?.start ?? today.start,
            origin: ModelPrice.Origin(
                source: source ?? names.joined(separator: " and "), checked: today.text))
        work.takesHistory = takesHistory
        work.prunes = prunes
        work.adds = adds
        guard second == nil || !takesHistory else {
            throw CommandFailure(
                ExitCode.usage, "--history and --with do not go together: only one table has dates")
        }
        self.work = work
    }

    func run() throws(CommandFailure) -> Int32 {
        let result = work.run()
        let bytes = PriceBookText.bytes(
            models: result.models, unpricedReserve: work.book.unpricedReserve, compute: work.book.compute)
        // What is written is read again first: a book that would be refused is no book.
        let hash: String
        do throws(PriceBookFileError) {
            hash = try PriceBookFile.parse(bytes, file: output ?? "the new book").hash
        } catch { throw CommandFailure(ExitCode.badData, "\(error)") }
        if let output {
            do throws(FileError) { try POSIXFileSystem().writeWhole(bytes, to: output) } catch {
                throw CommandFailure(ExitCode.cannotWrite, "\(error)")
            }
        }
        if isJSON { Terminal.write(json(result, hash)) } else { say(result, hash) }
        return ExitCode.done
    }

    private static func table(
        _ path: String, _ format: String?
    ) throws(CommandFailure) -> PublishedPrices {
        var known: PublishedPrices.Format?
        if let format {
            known = PublishedPrices.Format(rawValue: format)
            guard known != nil else {
                let names = PublishedPrices.Format.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(ExitCode.usage, "--format is \"\(format)\"; allowed: \(names)")
            }
        }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try POSIXFileSystem().readNamed(path, bytesMax: 64 << 20) } catch {
            throw CommandFailure(ExitCode.badData, "\(error)")
        }
        let published: PublishedPrices
        do throws(PriceBookFileError) {
            published = try PublishedPrices.parse(bytes, format: known, file: path)
        } catch { throw CommandFailure(ExitCode.badData, "\(error)") }
        guard !published.models.isEmpty else {
            throw CommandFailure(
                ExitCode.badData, "\(path): no prices of Anthropic, OpenAI or Gemini are in it")
        }
        return published
    }

    private static func day(_ text: String?) throws(CommandFailure) -> Day? {
        guard let text else { return nil }
        guard let day = Day(text.utf8) else {
            throw CommandFailure(ExitCode.usage, "--from is \"\(text)\"; allowed: a day, YYYY-MM-DD")
        }
        return day
    }

    // MARK: Saying it

    private func say(_ result: PriceImportResult, _ hash: String) {
        let tables = [file] + (secondFile.map { [$0] } ?? [])
        Terminal.write(
            "\(tables.joined(separator: " and ")) (\(work.origin.source)): "
                + "\(Counted.text(work.published.models.count, "model")), against \(bookSource) with "
                + "\(Counted.text(work.book.models.count, "model"))\n")
        for changed in result.changed {
            Terminal.write("\nchanged: \(changed.model.provider) \(changed.model.name)\n")
            for (from, changes) in changed.periods {
                Terminal.write("  from \(from.day.text)\n")
                for change in changes { Terminal.write(PriceText.line(change)) }
            }
        }
        if !result.added.isEmpty { Terminal.write("\n") }
        for model in result.added {
            let rates = model.periods.last?.base.rates
            let prices = [UsageBucket.input, .output].compactMap { bucket in
                rates?[bucket].map { "\(bucket.rawValue) \($0.perMillionText)" }
            }
            Terminal.write("added: \(model.provider) \(model.name), \(prices.joined(separator: ", "))\n")
        }
        for model in result.removed { Terminal.write("removed: \(model.provider) \(model.name)\n") }
        if !result.disagreements.isEmpty {
            Terminal.write("\nthe two tables disagree; the book's prices stay:\n")
        }
        for each in result.disagreements {
            Terminal.write(
                "  \(each.model) \(each.entry.text): \(each.first.perMillionText) against "
                    + "\(each.second.perMillionText)\n")
        }
        list("\nin one table only, not taken:", result.unconfirmed)
        list("\nleft out:", result.skipped)
        list("\nnot in the table, kept:", result.unlisted)
        Terminal.write(
            "\n\(result.changed.count) changed, \(result.added.count) added, \(result.removed.count) removed, "
                + "\(result.unchanged) as they were\n")
        guard let output else {
            Terminal.write("nothing is written: --output FILE writes the new book\n")
            return
        }
        Terminal.write("written: \(output), book \(hash.prefix(12)); LEDGER_PRICES=\(output) uses it\n")
    }

    private func list(_ heading: String, _ lines: [String]) {
        guard !lines.isEmpty else { return }
        Terminal.write("\(heading)\n")
        for line in lines.prefix(Self.linesMax) { Terminal.write("  \(line)\n") }
        if lines.count > Self.linesMax {
            Terminal.write("  and \(lines.count - Self.linesMax) more; --json has all\n")
        }
    }

    private static let linesMax = 20

    private func json(_ result: PriceImportResult, _ hash: String) -> [UInt8] {
        JSONText.object { json in
            json.member("book", hash)
            json.member("output", output)
            json.member("unchanged", result.unchanged)
            json.key("changed")
            json.array { json in
                for changed in result.changed {
                    for (from, changes) in changed.periods {
                        json.object { json in
                            json.member("provider", changed.model.provider)
                            json.member("model", changed.model.name)
                            json.member("from", from.text)
                            json.key("rates")
                            json.array { json in for change in changes { PriceText.add(change, to: &json) } }
                        }
                    }
                }
            }
            for (key, models) in [("added", result.added), ("removed", result.removed)] {
                json.key(key)
                json.array { json in for model in models { json.string("\(model.provider) \(model.name)") } }
            }
            json.key("disagreements")
            json.array { json in
                for each in result.disagreements {
                    json.object { json in
                        json.member("model", each.model)
                        json.member("price", each.entry.text)
                        json.member("first", each.first.perMillionText)
                        json.member("second", each.second.perMillionText)
                    }
                }
            }
            for (key, lines) in [
                ("unconfirmed", result.unconfirmed), ("leftOut", result.skipped), ("kept", result.unlisted),
            ] {
                json.key(key)
                json.array { json in for line in lines { json.string(line) } }
            }
        } + [UInt8(ascii: "\n")]
    }
}
