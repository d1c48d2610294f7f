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
            "quota set|show|rm USER|--group G|--model M|--global|--default [options] | list | join|leave GROUP USER | members GROUP",
        options: [
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
            ("--group G", "the limits of a group's members together"),
            ("--model M", "the limits of all calls to a model together"),
            ("--global", "the limits of all calls together"),
            ("--default", "what users without limits get at their first call"),
            ("--json", "list: the answer as it came"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let reason = try arguments.option("--reason")
        let isJSON = arguments.flag("--json")
        let request: (method: String, path: String, body: [UInt8])
        switch arguments.word() {
        case "set": request = ("POST", try subject(&arguments), try QuotaOptions.body(&arguments, reason))
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
        if named.isEmpty, let user = arguments.word() { named.append("user:" + user) }
        guard named.count == 1, let text = named.first, QuotaSubject(text) != nil else { throw usage }
        return "quotas/" + encoded(text)
    }

    private static func member(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        guard let group = arguments.word(), GroupName(group) != nil, let user = arguments.word(),
            UserID(user) != nil
        else { throw usage }
        return "groups/\(encoded(group))/\(encoded(user))"
    }

    private static func members(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        guard let group = arguments.word(), GroupName(group) != nil else { throw usage }
        return "groups/" + encoded(group)
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
