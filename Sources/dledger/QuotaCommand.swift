import HTTP
import HTTPClient
import JSON
import LedgerCore
import Terminal

/// `dledger quota set|show|rm|list|join|leave|members`: asks the running Proxy, whose ledger is the one
///   writer.
enum QuotaCommand {
    static let description = CommandDescription(
        name: "quota", summary: "Sets, shows or removes limits of users, groups and models.",
        usage:
            "quota set|show|rm SUBJECT [options] | list | join|leave GROUP USER | members GROUP",
        options: [
            (
                "SUBJECT",
                "a user, or as a path and `list` have it: user:NAME, group:NAME, model:NAME, global, default"
            ),
            ("--daily USD", "money a day"), ("--monthly USD", "money a month"),
            ("--daily-tokens N", "tokens a day, in and out"),
            (
                "--limit MEASURE/WINDOW=N",
                "cost, tokens or requests an hour, day, week or month; may be repeated"
            ),
            ("--timezone ZONE", "whose days, weeks and months: UTC, Europe/Berlin, …"),
            ("--week-start DAY", "the weekday that weeks begin on; monday"),
            ("--thresholds N,N", "percentages at which a crossing is recorded; 50,80,100"),
            ("--disable", "no calls at all"), ("--reason TEXT", "why, for the record"),
            ("--group G", "group:G, the limits of a group's members together"),
            ("--model M", "model:M, the limits of all calls to a model together"),
            ("--global", "global, the limits of all calls together"),
            ("--default", "default, what users without limits get at their first call"),
            ("--json", "list: the answer as it came"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let reason = try arguments.option("--reason")
        let isJSON = arguments.flag("--json")
        let request: (method: String, path: String, body: [UInt8])
        switch arguments.word() {
        case "set":
            // The options first: the value of one is no user's name.
            let body = try QuotaOptions.body(&arguments, reason)
            request = ("POST", try subject(&arguments), body)
        case "show": request = ("GET", try subject(&arguments), [])
        case "rm": request = ("DELETE", try subject(&arguments), QuotaOptions.body(reason))
        case "list": request = ("GET", "quotas", [])
        case "join": request = ("POST", try member(&arguments), QuotaOptions.body(reason))
        case "leave": request = ("DELETE", try member(&arguments), QuotaOptions.body(reason))
        case "members": request = ("GET", try members(&arguments), [])
        default: throw usage
        }
        try arguments.end()
        let isList = request.path == "quotas"
        let proxy = try ProxyRequest(environment, purpose: "limits are set")
        guard isList, !isJSON else {
            let answer = try proxy.send(request.method, request.path, request.body)
            Terminal.write(answer.isEmpty ? Array(done(request.path, request.method).utf8) : answer + [0x0A])
            return ExitCode.done
        }
        Terminal.write(try QuotaTable.text(proxy))
        return ExitCode.done
    }

    private static var usage: CommandFailure {
        CommandFailure(ExitCode.usage, "usage: dledger \(description.usage)")
    }

    private static func done(_ path: String, _ method: String) -> String {
        guard path.hasPrefix("groups/") else { return "removed\n" }
        return method == "POST" ? "joined\n" : "left\n"
    }

    private static func subject(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        var named: [String] = []
        if let group = try arguments.option("--group") { named.append("group:" + group) }
        if let model = try arguments.option("--model") { named.append("model:" + model) }
        if arguments.flag("--global") { named.append("global") }
        if arguments.flag("--default") { named.append("default") }
        if named.isEmpty, let word = arguments.word() { named.append(word) }
        guard named.count == 1, let text = named.first else {
            throw CommandFailure(
                ExitCode.usage, "say whose limits, once: a user, group:NAME, model:NAME, global or default")
        }
        guard let subject = QuotaSubject(text) else {
            throw CommandFailure(
                ExitCode.usage, "\"\(text)\" is no user, group:NAME, model:NAME, global or default")
        }
        return "quotas/" + encoded(subject.text)
    }

    private static func member(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        let group = try group(&arguments)
        guard let word = arguments.word() else { throw usage }
        guard let user = QuotaSubject(word)?.user else {
            throw CommandFailure(ExitCode.usage, "\"\(word)\" is no user's name")
        }
        return "groups/\(encoded(group))/\(encoded(user.text))"
    }

    private static func members(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        "groups/" + encoded(try group(&arguments))
    }

    /// A group by its name, or by the subject that it is.
    private static func group(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        guard let word = arguments.word() else { throw usage }
        let subject = QuotaSubject(word.hasPrefix("group:") ? word : "group:" + word)
        guard case .group(let group) = subject else {
            throw CommandFailure(ExitCode.usage, "\"\(word)\" is no group's name")
        }
        return group.text
    }

    /// The text as one segment of a path.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (0x41...0x5A).contains(byte & 0xDF)
            if isLetter || (0x30...0x39).contains(byte) || "-._:@+".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
