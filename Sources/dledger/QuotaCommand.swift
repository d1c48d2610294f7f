import HTTP
import HTTPClient
import JSON
import LedgerCore
import Terminal

/// `dledger quota set|show|rm USER`: asks the running Proxy, whose ledger is the one writer.
enum QuotaCommand {
    static let description = CommandDescription(
        name: "quota", summary: "Sets, shows or removes a user's limits.",
        usage:
            "quota set USER [--daily USD] [--monthly USD] [--daily-tokens N] [--disable] | show USER | rm USER",
        options: [
            ("--daily USD", "money a UTC day"), ("--monthly USD", "money a UTC month"),
            ("--daily-tokens N", "tokens a UTC day, in and out"),
            ("--disable", "the user may not call at all"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        guard let verb = arguments.word(), ["set", "show", "rm"].contains(verb), let name = arguments.word(),
            let user = UserID(name)
        else { throw CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)") }
        let body = verb == "set" ? try limits(&arguments) : []
        try arguments.end()
        let settings = try Settings(environment)
        let token = try ProxySource.adminToken(environment)
        let methods = ["set": "POST", "show": "GET", "rm": "DELETE"]
        let request = HTTPClientRequest(
            method: methods[verb] ?? "GET",
            url: "http://\(settings.bind):\(settings.proxyPort)/quotas/\(user.text)",
            headers: ["authorization": "Bearer \(token)", "content-type": "application/json"], body: body,
            idleTimeoutMilliseconds: 10_000, totalTimeoutMilliseconds: 15_000)
        let answer: (HTTPResponseHead, [UInt8])
        do throws(HTTPClientError) { answer = try BlockingHTTP.perform(request, bodyBytesMax: 1 << 20) } catch
        {
            throw CommandFailure(
                ExitCode.unavailable,
                "the Proxy at \(settings.bind):\(settings.proxyPort) does not answer (\(error.reason)); "
                    + "limits are set through it: start `dledger serve`")
        }
        guard answer.0.status < 400 else {
            throw CommandFailure(
                answer.0.status == 401 ? ExitCode.usage : ExitCode.checkFailed,
                "the Proxy answered \(answer.0.status): \(String(decoding: answer.1, as: UTF8.self))")
        }
        Terminal.write(answer.1.isEmpty ? Array("removed\n".utf8) : answer.1 + [UInt8(ascii: "\n")])
        return ExitCode.done
    }

    private static func limits(_ arguments: inout Arguments) throws(CommandFailure) -> [UInt8] {
        let money = [
            ("dailyLimitUsd", try arguments.option("--daily")),
            ("monthlyLimitUsd", try arguments.option("--monthly")),
        ]
        let tokens = try arguments.option("--daily-tokens")
        let isDisabled = arguments.flag("--disable")
        if let tokens, Int64(tokens) == nil {
            throw CommandFailure(ExitCode.usage, "--daily-tokens is \"\(tokens)\"; allowed: a whole number")
        }
        return JSONText.object { json in
            for case (let key, let amount?) in money { json.member(key, amount) }
            if let tokens, let count = Int64(tokens) { json.member("dailyTokens", count) }
            if isDisabled { json.member("enabled", false) }
        }
    }
}
