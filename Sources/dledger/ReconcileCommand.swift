import Crypto
import Files
import JSON
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Terminal

/// `dledger reconcile FILE [--provider NAME] [--minimum RATIO] [--record [--reason TEXT]]`.
enum ReconcileCommand {
    static let description = CommandDescription(
        name: "reconcile", summary: "Holds the ledger against a provider's own usage or cost report.",
        usage: "reconcile FILE [--provider NAME] [--minimum RATIO] [--record [--reason TEXT]] [--json]",
        options: [
            ("FILE", "pages of Anthropic's or OpenAI's usage or cost API, or OpenRouter's activity"),
            ("--provider NAME", "the provider as the journal names it (default: the report's)"),
            ("--minimum RATIO", "exit 1 where the ledger has less than this share of the provider's figures"),
            ("--record", "records the result through the running Proxy, once: for /metrics, alerts and SQL"),
            ("--reason TEXT", "why; stands in the record"),
            ("--json", "one JSON document instead of a table"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static let bytesMax = 256 << 20

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let provider = try arguments.option("--provider")
        let minimum = try minimum(&arguments)
        let reason = try arguments.option("--reason")
        let isRecorded = arguments.flag("--record")
        let isJSON = arguments.flag("--json")
        let path = arguments.word()
        try arguments.end()
        guard let path, isRecorded || reason == nil else {
            throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
        }
        let settings = try Settings(environment)
        let proxy = isRecorded ? try ProxyRequest(environment, purpose: "results are recorded") : nil
        let (report, hash) = try read(path)
        if isRecorded, report.hasMore {
            throw CommandFailure(
                ExitCode.badData, "\(path): more pages follow; only a report that is whole can be recorded")
        }
        let both = try compare(report, provider ?? report.kind.provider, settings)
        let record = try proxy.map { proxy throws(CommandFailure) in
            try ReconcileRecord(both, hash: hash, reason: reason, through: proxy)
        }
        Terminal.write(
            isJSON
                ? ReconcileReport.json(both, hash: hash, record: record)
                : ReconcileReport.table(both, record: record))
        if report.hasMore { Terminal.note("the report says that more pages follow: days may be missing") }
        guard let minimum else { return ExitCode.done }
        guard let share = both.capturedMillionths else {
            throw CommandFailure(ExitCode.checkFailed, "the report has nothing that a share could be of")
        }
        guard share >= minimum else {
            throw CommandFailure(
                ExitCode.checkFailed,
                "the ledger has \(ReconcileReport.ratio(share)) of what the report has, less than "
                    + ReconcileReport.ratio(minimum))
        }
        return ExitCode.done
    }

    private static func minimum(_ arguments: inout Arguments) throws(CommandFailure) -> Int128? {
        guard let text = try arguments.option("--minimum") else { return nil }
        guard let millionths = try? DecimalText.parse(text.utf8, decimals: 6), millionths >= 0 else {
            throw CommandFailure(
                ExitCode.usage, "--minimum is \"\(text)\"; allowed: a share such as 0.99")
        }
        return millionths
    }

    private static func read(_ path: String) throws(CommandFailure) -> (ProviderReport, hash: String) {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try POSIXFileSystem().readNamed(path, bytesMax: bytesMax) } catch {
            throw CommandFailure(ExitCode.badData, "\(error)")
        }
        do throws(ProviderReportError) {
            return (try ReportPages.parse(bytes), SHA256.hash(of: bytes).description)
        } catch {
            throw CommandFailure(ExitCode.badData, "\(path): \(error)")
        }
    }

    private static func compare(
        _ report: ProviderReport, _ provider: String, _ settings: Settings
    ) throws(CommandFailure) -> UsageReconciliation {
        var both = UsageReconciliation(report, provider: provider)
        var bar = ProgressBar("reconcile", total: try JournalSize.bytes(settings), counting: "events")
        do throws(LedgerError) {
            try LedgerSource.replay(settings).lines { line throws(LedgerError) in
                bar.advance(by: Int64(line.bytes.count) + 1, items: 1)
                both.add(try Replay.decode(line))
            }
        } catch {
            bar.finish()
            throw LedgerSource.failure(error)
        }
        bar.finish()
        return both
    }
}

/// Where a result is recorded.
struct ReconcileRecord {
    /// Its position in the journal.
    let position: Int64
    /// Whether it was not recorded before.
    let isNew: Bool

    /// Records the result through the running Proxy.
    init(
        _ both: UsageReconciliation, hash: String, reason: String?, through proxy: ProxyRequest
    ) throws(CommandFailure) {
        guard let result = UsageReconciled(both, sha256: hash, actor: "admin", reason: reason) else {
            throw CommandFailure(ExitCode.badData, "the report's tokens are more than can be recorded")
        }
        let answer = try proxy.send("POST", "reconciliations", JSONText.object { result.write(to: &$0) })
        guard let document = try? JSONDocument.parse(answer), let position = document.root["position"]?.int64
        else { throw CommandFailure(ExitCode.checkFailed, "the Proxy's answer names no position") }
        self.position = position
        isNew = document.root["new"]?.bool ?? false
    }

    /// What a person reads.
    var text: String { "recorded \(isNew ? "" : "before, ")at position \(position)" }
}

/// A comparison as a table and as JSON.
enum ReconcileReport {
    static func table(_ both: UsageReconciliation, record: ReconcileRecord?) -> [UInt8] {
        var text =
            "\(both.report.kind.rawValue) of \(both.provider), \(both.report.from.text) to \(both.report.to.text)\n\n"
        var table = TextTable(
            ["day", "model", "measure", "ledger", "provider", "difference", "ratio"], figures: [3, 4, 5, 6])
        for row in both.rows {
            table.add(
                [row.day.text, row.model.isEmpty ? "all" : row.model, row.measure.rawValue]
                    + cells(row.sum, row.measure))
        }
        for (name, measure, sum) in totals(both) { table.add(["total", "", name] + cells(sum, measure)) }
        text += table.text
        if let captured = both.capturedMillionths {
            text += "\ncaptured \(ratio(captured)): what both have, row by row\n"
        }
        if both.estimatedTokens > 0 {
            text += "\nof the ledger's tokens \(both.estimatedTokens) are upper bounds\n"
        }
        if both.estimated > .zero {
            text += "\nof the ledger's cost \(both.estimated.decimalText) USD are estimated\n"
        }
        if both.unpricedCalls > 0 {
            text +=
                "\n\(Counted.text(both.unpricedCalls, "call")) without a known price: in no cost of the ledger\n"
        }
        if let record { text += "\n\(record.text)\n" }
        return Array(text.utf8)
    }

    static func json(_ both: UsageReconciliation, hash: String, record: ReconcileRecord?) -> [UInt8] {
        JSONText.object { json in
            json.member("report", both.report.kind.rawValue)
            json.member("provider", both.provider)
            json.member("sha256", hash)
            json.member("from", both.report.from.text)
            json.member("to", both.report.to.text)
            json.member("complete", !both.report.hasMore)
            json.key("captureRatio")
            write(both.capturedMillionths, to: &json)
            json.key("ratio")
            write(both.ratioMillionths, to: &json)
            for (name, measure, sum) in totals(both) {
                json.key(name)
                json.object { write(sum, measure, to: &$0) }
            }
            json.key("estimatedUsd")
            json.raw(both.estimated.decimalText)
            json.key("estimatedTokens")
            json.raw(String(both.estimatedTokens))
            json.member("unpricedCalls", both.unpricedCalls)
            if let record { json.member("position", record.position) }
            json.key("rows")
            json.array { json in
                for row in both.rows {
                    json.object { json in
                        json.member("day", row.day.text)
                        json.member("model", row.model.isEmpty ? nil : row.model)
                        json.member("measure", row.measure.rawValue)
                        write(row.sum, row.measure, to: &json)
                    }
                }
            }
        } + [UInt8(ascii: "\n")]
    }

    /// A share, in plain decimals; what is beyond the sixth is cut off.
    static func ratio(_ millionths: Int128) -> String {
        String(decoding: DecimalText.bytes(millionths, decimals: 6), as: UTF8.self)
    }

    private static func totals(
        _ both: UsageReconciliation
    ) -> [(String, ReportMeasure, UsageReconciliation.Sum)] {
        [("tokens", ReportMeasure.input, both.tokens), ("cost", .cost, both.cost)].compactMap { total in
            total.2.map { (total.0, total.1, $0) }
        }
    }

    private static func cells(_ sum: UsageReconciliation.Sum, _ measure: ReportMeasure) -> [String] {
        [
            figure(sum.ledger, measure), figure(sum.provider, measure),
            figure(sum.ledger - sum.provider, measure), sum.ratioMillionths.map(ratio) ?? "none",
        ]
    }

    private static func write(
        _ sum: UsageReconciliation.Sum, _ measure: ReportMeasure, to json: inout JSONText
    ) {
        for (key, amount) in [
            ("ledger", sum.ledger), ("provider", sum.provider), ("captured", max(sum.captured, 0)),
            ("difference", sum.ledger - sum.provider),
        ] {
            json.key(key)
            json.raw(figure(amount, measure))
        }
        json.key("ratio")
        write(sum.ratioMillionths, to: &json)
    }

    private static func write(_ millionths: Int128?, to json: inout JSONText) {
        if let millionths { json.raw(ratio(millionths)) } else { json.null() }
    }

    private static func figure(_ amount: Int128, _ measure: ReportMeasure) -> String {
        measure == .cost ? Money(attos: amount).decimalText : String(amount)
    }
}
