import LedgerJournal
import JSON
import LedgerCore
import LedgerRuntime
import Terminal

/// `dledger replay [--as-of TIME] [--prices FILE]`.
enum ReplayCommand {
    static let description = CommandDescription(
        name: "replay", summary: "Rebuilds the projections from the journal's first event.",
        usage: "replay [--as-of TIME] [--prices FILE [--by user,model]] [--json]",
        options: [
            ("--as-of TIME", "only events recorded before this moment"),
            ("--prices FILE", "what everything would cost by these prices; changes nothing"),
            ("--by LIST", "with --prices: user, model or user,model (default: user)"),
            ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let isJSON = arguments.flag("--json")
        let asOf = try arguments.option("--as-of")
        let prices = try arguments.option("--prices")
        let by = try arguments.option("--by")
        try arguments.end()
        let settings = try Settings(environment)
        let now = LedgerSource.configuration(settings).now()
        let end = try asOf.map { text throws(CommandFailure) in try TimeArgument.moment(text, before: now) }
        if let prices {
            try ReplayPrices(settings, path: prices, by: by ?? "user").run(before: end, isJSON: isJSON)
            return ExitCode.done
        }
        guard by == nil else { throw CommandFailure(ExitCode.usage, "--by goes with --prices") }
        var view = LedgerView(origin: settings.origin)
        var bar = ProgressBar("replay", total: try JournalSize.bytes(settings))
        do throws(LedgerError) {
            try LedgerSource.replay(settings).lines { line throws(LedgerError) in
                bar.advance(by: Int64(line.bytes.count) + 1)
                let event = try Replay.decode(line)
                if end.map({ event.timestamp < $0 }) ?? true { view.evolve(event) }
            }
        } catch { throw LedgerSource.failure(error) }
        bar.finish()
        Terminal.write(isJSON ? json(view) : table(view))
        return ExitCode.done
    }

    private static func table(_ view: LedgerView) -> [UInt8] {
        let rows = view.usage.users.sorted { $0.key.text < $1.key.text }.map {
            (key: [$0.key.text], value: $0.value.total)
        }
        let head = "replayed \(view.usage.position.value) events; \(view.state.open.count) calls open\n\n"
        return Array(head.utf8) + UsageReport.table([.user], rows)
    }

    private static func json(_ view: LedgerView) -> [UInt8] {
        var text = JSONText()
        text.object { json in
            json.member("position", view.usage.position.value)
            json.member("openCalls", view.state.open.count)
            json.key("users")
            json.array { json in
                for (user, usage) in view.usage.users.sorted(by: { $0.key.text < $1.key.text }) {
                    json.object { json in
                        json.member("user", user.text)
                        usage.total.write(to: &json)
                    }
                }
            }
        }
        return text.bytes + [UInt8(ascii: "\n")]
    }
}
