import Files
import JSON
import LedgerCore
import LedgerRuntime
import Terminal
import Threads

/// `dledger rerate`: prices recorded costs again and records what differs.
///
/// It asks the running Proxy, whose ledger is the one writer.
enum RerateCommand {
    static let description = CommandDescription(
        name: "rerate", summary: "Prices recorded costs again, and appends a correction where one differs.",
        usage: "rerate [--prices FILE] --since TIME [--until TIME] [--model M] [--user U] [--unpriced-only]",
        options: [
            ("--prices FILE", "by these prices (default: those that the service runs with)"),
            ("--since TIME", "recorded since: 7d, 12h, 2026-11-24 or a full time; `all` for everything"),
            ("--until TIME", "recorded before"), ("--model M", "only this model"),
            ("--user U", "only this user"), ("--unpriced-only", "only what has no known price"),
            ("--reason TEXT", "why; stands in each correction"),
            ("--dry-run", "shows what would change, and changes nothing"),
            ("--yes", "does not ask before it records"), ("--json", "one JSON document"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static let bytesMax = 64 << 20

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let isJSON = arguments.flag("--json")
        let isDryRun = arguments.flag("--dry-run")
        let isSure = arguments.flag("--yes")
        let settings = try Settings(environment)
        let order = try order(&arguments, now: LedgerSource.configuration(settings).now())
        try arguments.end()
        let desk = RemoteRerating(try ProxyRequest(environment, purpose: "costs are corrected"))
        let preview = try desk.run(order, isDryRun: true)
        let report = RerateReport(preview)
        guard !isDryRun, report.changed > 0 else {
            Terminal.write(isJSON ? preview : report.table)
            return ExitCode.done
        }
        if !isSure {
            guard Terminal.canAsk else {
                throw CommandFailure(
                    ExitCode.usage,
                    "\(Counted.text(report.changed, "cost")) would change: say --yes to record that, or --dry-run"
                )
            }
            Terminal.note(String(decoding: report.table, as: UTF8.self))
            guard Terminal.confirm("Record \(report.changed) corrections?") else { return ExitCode.done }
        }
        let done = try desk.run(order, isDryRun: false)
        Terminal.write(isJSON ? done : RerateReport(done).table)
        return ExitCode.done
    }

    /// The order's members but for `dryRun`.
    private static func order(
        _ arguments: inout Arguments, now: Timestamp
    ) throws(CommandFailure) -> [(String, String)] {
        var members: [(String, String)] = []
        if let path = try arguments.option("--prices") {
            let bytes: [UInt8]
            do throws(FileError) { bytes = try POSIXFileSystem().readNamed(path, bytesMax: bytesMax) } catch {
                throw CommandFailure(ExitCode.badData, "--prices: \(error)")
            }
            do throws(PriceBookFileError) { _ = try PriceBookFile.parse(bytes, file: path) } catch {
                throw CommandFailure(ExitCode.badData, "\(error)")
            }
            members.append(("prices", String(decoding: bytes, as: UTF8.self)))
        }
        guard let since = try arguments.option("--since") else {
            throw CommandFailure(
                ExitCode.usage,
                "--since says from when on costs are priced again; `--since all` takes everything")
        }
        if since != "all" { members.append(("since", try TimeArgument.moment(since, before: now).text)) }
        if let until = try arguments.option("--until") {
            members.append(("until", try TimeArgument.moment(until, before: now).text))
        }
        for name in ["model", "user", "reason"] {
            if let text = try arguments.option("--\(name)") { members.append((name, text)) }
        }
        if arguments.flag("--unpriced-only") { members.append(("unpricedOnly", "")) }
        return members
    }
}

/// The running Proxy's desk, asked over HTTP.
struct RemoteRerating {
    private let proxy: ProxyRequest

    private static let pauseMilliseconds = 100

    init(_ proxy: ProxyRequest) { self.proxy = proxy }

    /// Gives the order and waits for its end; returns the last status.
    func run(_ order: [(String, String)], isDryRun: Bool) throws(CommandFailure) -> [UInt8] {
        let body = JSONText.object { json in
            json.member("dryRun", isDryRun)
            for (key, value) in order {
                if key == "unpricedOnly" { json.member(key, true) } else { json.member(key, value) }
            }
        }
        var answer = try proxy.send("POST", "rerate", body)
        var bar = ProgressBar(isDryRun ? "look" : "rerate", total: try end(answer))
        var shown: Int64 = 0
        let pause = Semaphore()
        while try phase(answer) == "reading" {
            _ = pause.wait(timeoutMilliseconds: Self.pauseMilliseconds)
            answer = try proxy.send("GET", "rerate")
            let position = try document(answer).root["position"]?.int64 ?? shown
            bar.advance(by: max(position - shown, 0))
            shown = max(position, shown)
        }
        bar.finish()
        guard try phase(answer) == "done" else {
            let why = try document(answer).root["failure"]?.string ?? "no reason is given"
            throw CommandFailure(
                ExitCode.checkFailed, "costs were corrected in part: \(why); the same command does the rest")
        }
        return answer + [UInt8(ascii: "\n")]
    }

    private func end(_ answer: [UInt8]) throws(CommandFailure) -> Int64 {
        try document(answer).root["end"]?.int64 ?? 0
    }

    private func phase(_ answer: [UInt8]) throws(CommandFailure) -> String {
        try document(answer).root["phase"]?.string ?? ""
    }

    private func document(_ answer: [UInt8]) throws(CommandFailure) -> JSONDocument {
        do throws(JSONError) { return try JSONDocument.parse(answer) } catch {
            throw CommandFailure(ExitCode.checkFailed, "the Proxy's answer is not JSON: \(error.message)")
        }
    }
}
