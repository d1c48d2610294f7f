import JSON
import LedgerCore

/// Reads the options that set limits into the body that the Proxy takes.
enum QuotaOptions {
    static func body(
        _ arguments: inout Arguments, _ reason: String?
    ) throws(CommandFailure) -> [UInt8] {
        let money = [
            ("dailyLimitUsd", try arguments.option("--daily")),
            ("monthlyLimitUsd", try arguments.option("--monthly")),
        ]
        let tokens = try arguments.option("--daily-tokens")
        if let tokens, Int64(tokens) == nil {
            throw CommandFailure(ExitCode.usage, "--daily-tokens is \"\(tokens)\"; allowed: a whole number")
        }
        let texts = [
            ("timezone", try arguments.option("--timezone")),
            ("weekStart", try arguments.option("--week-start")), ("reason", reason),
        ]
        let thresholds = try arguments.option("--thresholds").map(percentages)
        let isDisabled = arguments.flag("--disable")
        var limits: [LimitWords] = []
        while let words = try arguments.option("--limit") {
            guard let limit = LimitWords(words) else {
                throw CommandFailure(
                    ExitCode.usage,
                    "--limit is \"\(words)\"; allowed: cost, tokens or requests, /, hour, day, week or month, "
                        + "=, a number: requests/hour=100")
            }
            limits.append(limit)
        }
        return JSONText.object { json in
            for case (let key, let amount?) in money { json.member(key, amount) }
            if let tokens, let count = Int64(tokens) { json.member("dailyTokens", count) }
            for case (let key, let text?) in texts { json.member(key, text) }
            if let thresholds { write("thresholds", thresholds, to: &json) }
            if isDisabled { json.member("enabled", false) }
            guard !limits.isEmpty else { return }
            json.key("limits")
            json.array { json in for limit in limits { json.object { limit.write(to: &$0) } } }
        }
    }

    /// The body that says nothing but why.
    static func body(_ reason: String?) -> [UInt8] {
        guard let reason else { return [] }
        return JSONText.object { $0.member("reason", reason) }
    }

    static func percentages(_ text: String) throws(CommandFailure) -> [Int64] {
        let numbers =
            text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
        let known = numbers.compactMap { $0 }
        guard known.count == numbers.count else {
            throw CommandFailure(
                ExitCode.usage, "--thresholds is \"\(text)\"; allowed: whole numbers and commas, or nothing")
        }
        return known
    }

    static func write(_ key: String, _ percentages: [Int64], to json: inout JSONText) {
        json.key(key)
        json.array { json in for percentage in percentages { json.int(percentage) } }
    }
}

/// `requests/hour=100`.
private struct LimitWords {
    let measure: LimitMeasure
    let window: LimitWindow
    let amount: String

    init?(_ words: String) {
        let parts = words.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 2, names.count == 2, let measure = LimitMeasure(rawValue: names[0]),
            let window = LimitWindow(rawValue: names[1]), measure == .cost || Int64(parts[1]) != nil
        else { return nil }
        self.measure = measure
        self.window = window
        amount = String(parts[1])
    }

    func write(to json: inout JSONText) {
        json.member("measure", measure.rawValue)
        json.member("window", window.rawValue)
        if measure == .cost {
            json.member("limitUsd", amount)
        } else {
            json.member("limit", Int64(amount) ?? 0)
        }
    }
}
