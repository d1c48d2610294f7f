import JSON
import LedgerCore
import LedgerRuntime

/// Reads `{provider, report, sha256, from, to, tokens?, costUsd?, rows, rowsDiffering, reason?}`.
enum ReconciliationBody {
    static func read(
        _ bytes: [UInt8], parser: JSONParser, at now: Timestamp
    ) throws(ReconciliationBodyError) -> UsageReconciled {
        let document: JSONDocument
        do throws(JSONError) { document = try parser.parse(bytes) } catch {
            throw ReconciliationBodyError("The body is not JSON: \(error.message).")
        }
        let root = document.root
        guard root.kind == .object else { throw ReconciliationBodyError("The body is not an object.") }
        for (key, _) in root.object where !keys.contains(key) {
            throw ReconciliationBodyError(
                "\"\(key.prefix(64))\" is unknown; known: \(keys.joined(separator: ", ")).")
        }
        for value in [root, root["tokens"], root["costUsd"]] {
            if let key = value?.repeatedKey {
                throw ReconciliationBodyError("\"\(key.prefix(64))\" is given more than once.")
            }
        }
        let report = try text("report", root)
        guard ProviderReport.Kind(rawValue: report) != nil else {
            let known = ProviderReport.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ReconciliationBodyError("report is not one of \(known).")
        }
        let result = UsageReconciled(
            provider: try text("provider", root), report: report, sha256: try text("sha256", root),
            from: try day("from", root), to: try day("to", root),
            tokens: try both("tokens", root, "whole numbers", count),
            cost: try both("costUsd", root, "plain decimal amounts of dollars", money),
            rows: try count("rows", root), rowsDiffering: try count("rowsDiffering", root), actor: "admin",
            reason: try root["reason"].map(reason))
        if let fault = result.fault(at: now) { throw ReconciliationBodyError("\(fault).") }
        return result
    }

    private static let keys = [
        "provider", "report", "sha256", "from", "to", "tokens", "costUsd", "rows", "rowsDiffering", "reason",
    ]

    private static func text(_ key: String, _ root: JSONValue) throws(ReconciliationBodyError) -> String {
        guard let text = root[key]?.string else { throw ReconciliationBodyError("\(key) is not a string.") }
        return text
    }

    private static func day(_ key: String, _ root: JSONValue) throws(ReconciliationBodyError) -> Day {
        guard let day = Day(try text(key, root).utf8) else {
            throw ReconciliationBodyError("\(key) is not a day such as 2026-11-24.")
        }
        return day
    }

    private static func count(_ key: String, _ root: JSONValue) throws(ReconciliationBodyError) -> Int64 {
        guard let count = root[key].flatMap(count) else {
            throw ReconciliationBodyError("\(key) is not a whole number.")
        }
        return count
    }

    private static func both<Amount>(
        _ key: String, _ root: JSONValue, _ what: String, _ read: (JSONValue) -> Amount?
    ) throws(ReconciliationBodyError) -> UsageReconciled.Both<Amount>? {
        guard let value = root[key] else { return nil }
        let captured = value["captured"].flatMap(read)
        guard value.object.allSatisfy({ ["ledger", "provider", "captured"].contains($0.key) }),
            let ledger = value["ledger"].flatMap(read), let provider = value["provider"].flatMap(read),
            (captured == nil) == (value["captured"] == nil)
        else { throw ReconciliationBodyError("\(key) is not {ledger, provider, captured?} of \(what).") }
        return .init(ledger: ledger, provider: provider, captured: captured)
    }

    private static func count(_ value: JSONValue) -> Int64? { value.int64 }

    private static func money(_ value: JSONValue) -> Money? {
        (value.rawNumber ?? value.string).flatMap { try? Money(decimal: $0) }
    }

    private static func reason(_ value: JSONValue) throws(ReconciliationBodyError) -> String {
        let scalars = value.string?.unicodeScalars ?? "".unicodeScalars
        let isPlain = scalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, (1...UsageReconciled.reasonScalarsMax).contains(scalars.count) else {
            throw ReconciliationBodyError(
                "reason is not 1 to \(UsageReconciled.reasonScalarsMax) characters in one line.")
        }
        return String(scalars)
    }
}

/// Why a body is no result, in words for its sender.
struct ReconciliationBodyError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
