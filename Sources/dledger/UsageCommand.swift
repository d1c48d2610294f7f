import JSON
import LedgerCore
import LedgerRuntime
import Terminal

/// `dledger usage [--by user,model] [--since 7d]`.
enum UsageCommand {
    static let description = CommandDescription(
        name: "usage", summary: "Shows calls, agent runs, tokens and exact costs, from the journal.",
        usage: "usage [--by user,model] [--since 7d] [--json]",
        options: [
            ("--by LIST", "dimensions: user, model, provider, source, day, hour (default: user)"),
            (
                "--since TIME",
                "30m, 12h, 7d, 2026-11-24 or a full time (default: everything); a correction counts with what it corrects"
            ),
            ("--json", "one JSON document instead of a table"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let isJSON = arguments.flag("--json")
        let by = try (arguments.option("--by") ?? "user").split(separator: ",").map(String.init)
        let dimensions = try by.map { name throws(CommandFailure) in try UsageDimension(named: name) }
        let since = try arguments.option("--since")
        try arguments.end()
        let settings = try Settings(environment)
        let now = LedgerSource.configuration(settings).now()
        let start = try since.map { text throws(CommandFailure) in try TimeArgument.moment(text, before: now)
        }
        var groups: [[String]: UsageSums] = [:]
        do throws(LedgerError) {
            try LedgerSource.replay(settings).run { event in
                guard start.map({ event.countsAt >= $0 }) ?? true else { return }
                UsageDelta.each(of: event) { delta in
                    groups[dimensions.map { $0.value(of: delta.key) }, default: UsageSums()].add(delta.sums)
                }
            }
        } catch { throw LedgerSource.failure(error) }
        let rows = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        Terminal.write(isJSON ? UsageReport.json(dimensions, rows) : UsageReport.table(dimensions, rows))
        return ExitCode.done
    }
}

/// What usage can be grouped by.
enum UsageDimension: String, CaseIterable {
    case user, model, provider, source, day, hour

    init(named name: String) throws(CommandFailure) {
        guard let dimension = Self(rawValue: name) else {
            throw CommandFailure(
                ExitCode.usage,
                "usage cannot be grouped by \"\(name)\": \(Self.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        self = dimension
    }

    func value(of key: RollupKey) -> String {
        switch self {
        case .user: key.user.text
        case .model: key.model
        case .provider: key.provider
        case .source: key.source
        case .day: key.hour.day.text
        case .hour: key.hour.text
        }
    }
}

/// Usage sums as a table and as JSON.
enum UsageReport {
    typealias Row = (key: [String], value: UsageSums)

    static func table(_ dimensions: [UsageDimension], _ rows: [Row]) -> [UInt8] {
        guard !rows.isEmpty else { return Array("no calls yet\n".utf8) }
        let first = dimensions.count
        var table = TextTable(
            dimensions.map(\.rawValue) + [
                "calls", "errors", "rejected", "tokens in", "tokens out", "cost USD", "estimated USD",
                "unpriced", "dispatches",
            ], figures: Set(first..<(first + 9)))
        var total = UsageSums()
        for row in rows {
            table.add(row.key + cells(row.value))
            total.add(row.value)
        }
        if rows.count > 1 {
            table.add(dimensions.enumerated().map { $0.offset == 0 ? "total" : "" } + cells(total))
        }
        return Array(table.text.utf8)
    }

    private static func cells(_ sums: UsageSums) -> [String] {
        [
            String(sums.calls), String(sums.errors), String(sums.rejected), String(sums.inputTokens),
            String(sums.outputTokens), sums.cost.decimalText, sums.estimated.decimalText,
            String(sums.unpricedCalls), String(sums.dispatches),
        ]
    }

    static func json(_ dimensions: [UsageDimension], _ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.array { json in
            for row in rows {
                json.object { json in
                    for (dimension, value) in zip(dimensions, row.key) {
                        json.member(dimension.rawValue, value)
                    }
                    row.value.write(to: &json)
                }
            }
        }
        return text.bytes + [UInt8(ascii: "\n")]
    }
}
