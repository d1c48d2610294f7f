import LedgerCore
import LedgerRuntime
import Lifecycle
import Terminal

/// `dledger prices show|check|import`: the price book, for those who keep it.
enum PricesCommand {
    static let description = CommandDescription(
        name: "prices", summary: "Shows, checks and updates the price book.",
        usage:
            "prices show [MODEL] | check FILE | import FILE [--with FILE] [--output FILE]; see docs/prices.md",
        options: [
            (
                "show [MODEL]",
                "every model, or all prices of one; of LEDGER_PRICES, else of the built-in book"
            ),
            ("check FILE", "whether a price book is sound and exact"),
            (
                "import FILE",
                "what a published table would change; genai-prices' data.json or LiteLLM's table"
            ),
            ("--format NAME", "genai-prices or litellm (default: what it looks like)"),
            ("--with FILE", "a second table: only what both say alike is taken"),
            ("--output FILE", "write the new book there; without it nothing is written"),
            ("--from DAY", "the UTC day from which changes hold, YYYY-MM-DD (default: today)"),
            ("--history", "take the table's own dates and past prices in place of the book's"),
            ("--prune", "let models go that the table does not list"),
            ("--only-known", "take no models that the book does not have"),
            ("--source TEXT", "what to note as the source (default: the table's name)"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        switch arguments.word() ?? "" {
        case "show": return try show(&arguments, environment)
        case "check": return try check(&arguments)
        case "import": return try PricesImport(&arguments, environment).run()
        default: throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
    }

    // MARK: Show

    private static func show(
        _ arguments: inout Arguments, _ environment: Environment
    ) throws(CommandFailure) -> Int32 {
        let name = arguments.word()
        let isJSON = arguments.flag("--json")
        try arguments.end()
        let (book, source) = try PriceSource.load(environment["LEDGER_PRICES"])
        guard let name else {
            if isJSON { Terminal.write(PriceText.json(book.models)) } else { list(book, source) }
            return ExitCode.done
        }
        let providers = Set(book.models.map(\.provider)).sorted()
        let found = providers.compactMap { book.model(name, provider: $0) }
        guard !found.isEmpty else {
            Terminal.complain("\(source) has no price for \"\(name)\"\(PriceText.near(name, in: book))")
            return ExitCode.checkFailed
        }
        if isJSON {
            Terminal.write(PriceText.json(found))
        } else {
            Terminal.write(found.map { PriceText.whole($0, asked: name) }.joined(separator: "\n"))
        }
        return ExitCode.done
    }

    private static func list(_ book: PriceBook, _ source: String) {
        let now = Timestamp(microseconds: SystemClock.nowMicroseconds())
        var table = TextTable(
            ["provider", "model", "input", "cache read", "cache write", "output", "checked"],
            figures: [2, 3, 4, 5])
        for model in book.models {
            let rates = model.period(at: now)?.base.rates ?? [:]
            let cells = [UsageBucket.input, .cacheRead, .cacheWrite5m, .output].map {
                rates[$0]?.perMillionText ?? "–"
            }
            table.add([model.provider, model.name] + cells + [model.origin.checked])
        }
        Terminal.write(table.text)
        Terminal.write(
            "\n\(Counted.text(book.models.count, "model")), USD for a million tokens now, before tiers and "
                + "modifiers; \(source), book \(book.hash.prefix(12))\n"
                + "`dledger prices show MODEL` shows all of one; an unknown model reserves "
                + "$\(book.unpricedReserve.decimalText)\n")
    }

    // MARK: Check

    private static func check(_ arguments: inout Arguments) throws(CommandFailure) -> Int32 {
        guard let path = arguments.word() else {
            throw CommandFailure(ExitCode.usage, "usage: dledger prices check FILE")
        }
        try arguments.end()
        let (book, _) = try PriceSource.load(path, naming: nil)
        let periods = book.models.reduce(0) { $0 + $1.periods.count }
        Terminal.write(
            "\(path): \(Counted.text(book.models.count, "model")) with \(Counted.text(periods, "price")), "
                + "exact under every tier and modifier\n")
        Terminal.write("book \(book.hash)\n")
        let oldest = book.models.map(\.origin.checked).min()
        if let oldest { Terminal.write("the oldest was checked with its source on \(oldest)\n") }
        return ExitCode.done
    }
}
