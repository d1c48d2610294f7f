import JSON
import LedgerCore

/// Reads `{dailyLimitUsd?, monthlyLimitUsd?, dailyTokens?, timezone?, enabled?}`.
enum QuotaBody {
    static func read(_ bytes: [UInt8], parser: JSONParser) throws(QuotaBodyError) -> Quota {
        let document: JSONDocument
        do throws(JSONError) { document = try parser.parse(bytes) } catch {
            throw QuotaBodyError("The body is not JSON: \(error.message).")
        }
        let root = document.root
        guard root.kind == .object else { throw QuotaBodyError("The body is not an object.") }
        var quota = Quota()
        for (key, value) in root.object {
            switch key {
            case "dailyLimitUsd": quota.dailyLimit = try money(key, value)
            case "monthlyLimitUsd": quota.monthlyLimit = try money(key, value)
            case "dailyTokens":
                guard let tokens = value.int64, tokens >= 0 else {
                    throw QuotaBodyError("\(key) is not a whole number of tokens.")
                }
                quota.dailyTokens = tokens
            case "timezone":
                guard value.string == "UTC" else {
                    throw QuotaBodyError(
                        "Windows are days and months of UTC: leave timezone out, or say \"UTC\".")
                }
            case "enabled":
                guard let isEnabled = value.bool else {
                    throw QuotaBodyError("enabled is not true or false.")
                }
                quota.isEnabled = isEnabled
            default:
                throw QuotaBodyError(
                    "\"\(key.prefix(64))\" is unknown; known: dailyLimitUsd, monthlyLimitUsd, dailyTokens, timezone, enabled."
                )
            }
        }
        return quota
    }

    /// A plain decimal number or string of dollars, exact, not negative, and no more than is ever recorded.
    private static func money(_ key: String, _ value: JSONValue) throws(QuotaBodyError) -> Money {
        guard let text = value.rawNumber ?? value.string, let amount = try? Money(decimal: text),
            amount >= .zero, amount <= .amountMax
        else {
            throw QuotaBodyError(
                "\(key) is not a plain decimal amount of dollars from 0 to \(Money.amountMax.decimalText).")
        }
        return amount
    }
}

/// Why a body is no quota, in words for its sender.
struct QuotaBodyError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
