import JSON
import LedgerCore
import LedgerRuntime

/// What a body that sets limits says.
struct QuotaBody {
    /// The limits.
    var quota = Quota(thresholds: QuotaBody.thresholdsUnstated)
    /// Why they are set.
    var reason: String?

    /// The thresholds of limits whose body names none.
    static let thresholdsUnstated: [Int64] = [50, 80, 100]
    /// The longest reason, of at most four Unicode scalars a character.
    static let reasonCharactersMax = 200

    /// Reads `{dailyLimitUsd?, monthlyLimitUsd?, dailyTokens?, timezone?, weekStart?, enabled?, limits?,
    /// thresholds?, reason?}`.
    static func read(
        _ bytes: [UInt8], parser: JSONParser, at now: Timestamp
    ) throws(QuotaBodyError) -> QuotaBody {
        let document = try parse(bytes, parser)
        let root = document.root
        try refuseRepeated(root)
        var body = QuotaBody()
        var zone = ZoneRule.utc
        var weekStart: Int64 = 1
        for (key, value) in root.object {
            switch key {
            case "dailyLimitUsd": body.quota.dailyLimit = try LimitBody.money(key, value)
            case "monthlyLimitUsd": body.quota.monthlyLimit = try LimitBody.money(key, value)
            case "dailyTokens": body.quota.dailyTokens = try LimitBody.count(key, value, of: "tokens")
            case "timezone": zone = try Self.zone(value, at: now)
            case "weekStart": weekStart = try weekday(value)
            case "enabled":
                guard let isEnabled = value.bool else {
                    throw QuotaBodyError("enabled is not true or false.")
                }
                body.quota.isEnabled = isEnabled
            case "limits": body.quota.limits = try LimitBody.read(value)
            case "thresholds": body.quota.thresholds = try LimitBody.thresholds(value)
            case "reason": body.reason = try reason(value)
            default:
                throw QuotaBodyError(
                    "\"\(key.prefix(64))\" is unknown; known: dailyLimitUsd, monthlyLimitUsd, dailyTokens, "
                        + "timezone, weekStart, enabled, limits, thresholds, reason.")
            }
        }
        body.quota.calendar = QuotaCalendar(zone: zone, weekStart: weekStart)
        try LimitBody.arrange(&body.quota)
        return body
    }

    /// Reads `{reason?}`; an empty body says nothing.
    static func readReason(_ bytes: [UInt8], parser: JSONParser) throws(QuotaBodyError) -> String? {
        guard !bytes.isEmpty else { return nil }
        let document = try parse(bytes, parser)
        try refuseRepeated(document.root)
        var found: String?
        for (key, value) in document.root.object {
            guard key == "reason" else {
                throw QuotaBodyError("\"\(key.prefix(64))\" is unknown; known: reason.")
            }
            found = try reason(value)
        }
        return found
    }

    private static func refuseRepeated(_ root: JSONValue) throws(QuotaBodyError) {
        guard root.kind == .object else { throw QuotaBodyError("The body is not an object.") }
        if let key = root.repeatedKey {
            throw QuotaBodyError("\"\(key.prefix(64))\" is given more than once.")
        }
    }

    private static func parse(_ bytes: [UInt8], _ parser: JSONParser) throws(QuotaBodyError) -> JSONDocument {
        do throws(JSONError) { return try parser.parse(bytes) } catch {
            throw QuotaBodyError("The body is not JSON: \(error.message).")
        }
    }

    private static func zone(_ value: JSONValue, at now: Timestamp) throws(QuotaBodyError) -> ZoneRule {
        guard let name = value.string, let zone = ZoneRule.read(name, at: now) else {
            throw QuotaBodyError(
                "timezone is not a time zone that this machine knows: say a name of the IANA database, "
                    + "\"Europe/Berlin\" or \"UTC\".")
        }
        return zone
    }

    private static func weekday(_ value: JSONValue) throws(QuotaBodyError) -> Int64 {
        guard let name = value.string, let index = weekdays.firstIndex(of: name) else {
            throw QuotaBodyError("weekStart is not one of \(weekdays.joined(separator: ", ")).")
        }
        return Int64(index + 1)
    }

    /// The names of the days that a week can begin on.
    static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private static func reason(_ value: JSONValue) throws(QuotaBodyError) -> String {
        guard let text = value.string else { throw QuotaBodyError("reason is not a text.") }
        guard text.cut(charactersMax: reasonCharactersMax) == text else {
            throw QuotaBodyError("reason is longer than \(reasonCharactersMax) characters.")
        }
        return text
    }
}

/// Why a body is no quota, in words for its sender.
struct QuotaBodyError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
