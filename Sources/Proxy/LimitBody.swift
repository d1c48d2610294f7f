import JSON
import LedgerCore

/// Reads `[{measure, window, limitUsd | limit, thresholds?}]`.
enum LimitBody {
    static func read(_ value: JSONValue) throws(QuotaBodyError) -> [Limit] {
        guard value.kind == .array else { throw QuotaBodyError("limits is not a list.") }
        var limits: [Limit] = []
        for entry in value.array {
            guard limits.count < Quota.limitsMax else {
                throw QuotaBodyError("There are more than \(Quota.limitsMax) limits.")
            }
            limits.append(try limit(entry))
        }
        return limits
    }

    private static func limit(_ value: JSONValue) throws(QuotaBodyError) -> Limit {
        guard value.kind == .object else { throw QuotaBodyError("A limit is not an object.") }
        if let key = value.repeatedKey {
            throw QuotaBodyError("\"\(key.prefix(64))\" of a limit is given more than once.")
        }
        var measure: LimitMeasure?
        var window: LimitWindow?
        var money: Money?
        var count: Int64?
        var thresholds: [Int64]?
        for (key, value) in value.object {
            switch key {
            case "measure": measure = try choice(key, value)
            case "window": window = try choice(key, value)
            case "limitUsd": money = try Self.money(key, value)
            case "limit": count = try Self.count(key, value, of: "tokens or requests")
            case "thresholds": thresholds = try Self.thresholds(value)
            default:
                throw QuotaBodyError(
                    "\"\(key.prefix(64))\" of a limit is unknown; known: measure, window, limitUsd, limit, thresholds."
                )
            }
        }
        guard let measure, let window else { throw QuotaBodyError("A limit needs a measure and a window.") }
        let amount = measure == .cost ? money?.attos : count.map { Int128($0) }
        guard let amount, (money == nil) != (count == nil) else {
            throw QuotaBodyError(
                "A limit of \(measure.rawValue) needs \(measure == .cost ? "limitUsd" : "limit"), and only that."
            )
        }
        return Limit(measure, window, amount: amount, thresholds: thresholds)
    }

    /// Puts limits that have a name of their own there, and refuses what is there twice.
    static func arrange(_ quota: inout Quota) throws(QuotaBodyError) {
        var rest: [Limit] = []
        for limit in quota.limits {
            switch (limit.measure, limit.window, limit.thresholds) {
            case (.cost, .day, nil) where quota.dailyLimit == nil:
                quota.dailyLimit = Money(attos: limit.amount)
            case (.cost, .month, nil) where quota.monthlyLimit == nil:
                quota.monthlyLimit = Money(attos: limit.amount)
            case (.tokens, .day, nil) where quota.dailyTokens == nil:
                quota.dailyTokens = Int64(clamping: limit.amount)
            default: rest.append(limit)
            }
        }
        quota.limits = rest
        let kinds = quota.allLimits.map { QuotaLimit.Kind($0.measure, $0.window) }
        guard Set(kinds).count == kinds.count else {
            throw QuotaBodyError("A measure is limited twice in one kind of window.")
        }
        guard kinds.count <= Quota.limitsMax else {
            throw QuotaBodyError("There are more than \(Quota.limitsMax) limits.")
        }
    }

    /// A plain decimal number or string of dollars, exact, not negative, and no more than is ever recorded.
    static func money(_ key: String, _ value: JSONValue) throws(QuotaBodyError) -> Money {
        guard let text = value.rawNumber ?? value.string, let amount = try? Money(decimal: text),
            amount >= .zero, amount <= .amountMax
        else {
            throw QuotaBodyError(
                "\(key) is not a plain decimal amount of dollars from 0 to \(Money.amountMax.decimalText).")
        }
        return amount
    }

    static func count(_ key: String, _ value: JSONValue, of what: String) throws(QuotaBodyError) -> Int64 {
        guard let count = value.int64, count >= 0 else {
            throw QuotaBodyError("\(key) is not a whole number of \(what).")
        }
        return count
    }

    static func thresholds(_ value: JSONValue) throws(QuotaBodyError) -> [Int64] {
        let wrong = QuotaBodyError(
            "thresholds is not a rising list of at most \(Limit.thresholdsMax) percentages from 1 to 100.")
        guard value.kind == .array else { throw wrong }
        var thresholds: [Int64] = []
        for entry in value.array {
            guard let percent = entry.int64, (1...100).contains(percent), percent > thresholds.last ?? 0,
                thresholds.count < Limit.thresholdsMax
            else { throw wrong }
            thresholds.append(percent)
        }
        return thresholds
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ value: JSONValue
    ) throws(QuotaBodyError) -> Choice where Choice.RawValue == String {
        guard let choice = value.string.flatMap({ Choice(rawValue: $0) }) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw QuotaBodyError("\(key) is not one of \(known).")
        }
        return choice
    }
}
