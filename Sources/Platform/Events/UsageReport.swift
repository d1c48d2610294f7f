import HTTP
import JSON
package import LedgerCore

/// One CloudEvent of type `dispatch-ledger.usage.v1`: what somebody outside used of a model.
package struct UsageReport: Hashable, Sendable {
    /// Who reports.
    package let source: String
    /// The report's name there.
    package let id: String
    /// Who pays.
    package let user: UserID
    /// The provider.
    package let provider: String
    /// The model.
    package let model: String
    /// What was used.
    package let usage: Usage
    /// When, where the report says; else the event's own time.
    package let usedAt: Timestamp?

    /// The one type that is taken.
    package static let type = "dispatch-ledger.usage.v1"

    /// Reads an event's attributes and its data.
    init(_ attributes: CloudEventAttributes, data: JSONValue?) throws(ReportError) {
        guard attributes["specversion"] == "1.0" else { throw ReportError("specversion", "must be \"1.0\"") }
        guard attributes["type"] == Self.type else { throw ReportError("type", "must be \"\(Self.type)\"") }
        id = try Self.name("id", attributes["id"])
        source = try Self.name("source", attributes["source"])
        guard let user = attributes["subject"].flatMap({ UserID($0) }) else {
            throw ReportError("subject", "must be the user who pays: 1 to 128 of A–Z a–z 0–9 . _ @ : + -")
        }
        self.user = user
        let time = try Self.time("time", attributes["time"])
        guard let data, data.kind == .object else { throw ReportError("data", "must be an object") }
        let members = try ReportMembers(data, "data", allowed: ["provider", "model", "usage", "usedAt"])
        provider = try Self.name("data.provider", members["provider"]?.string)
        model = try Self.name("data.model", members["model"]?.string)
        usage = try Self.usage(members["usage"])
        if let value = members["usedAt"] {
            guard let text = value.string else { throw Self.timeError("data.usedAt") }
            usedAt = try Self.time("data.usedAt", text)
        } else {
            usedAt = time
        }
    }

    /// What names the report's content: the same facts, however they were sent, have the same.
    var digestText: String {
        let counts = UsageBucket.allCases.map { "\($0.rawValue)=\(usage[$0])" }
        let facts = [user.text, provider, model, usedAt?.text ?? ""] + counts
        return (facts + ["reasoning=\(usage.reasoning)"]).joined(separator: "\n")
    }

    private static func name(_ field: String, _ text: String?) throws(ReportError) -> String {
        guard let text, (1...256).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw ReportError(field, "must be 1 to 256 visible ASCII characters") }
        return text
    }

    private static func time(_ field: String, _ text: String?) throws(ReportError) -> Timestamp? {
        guard let text else { return nil }
        guard let time = RFC3339.timestamp(text) else { throw timeError(field) }
        return time
    }

    private static func timeError(_ field: String) -> ReportError {
        ReportError(field, "must be a time as in RFC 3339 that exists")
    }

    private static func usage(_ value: JSONValue?) throws(ReportError) -> Usage {
        guard let value, value.kind == .object else { throw ReportError("data.usage", "must be an object") }
        let buckets = UsageBucket.allCases.map(\.rawValue)
        let members = try ReportMembers(value, "data.usage", allowed: Set(buckets + ["reasoning"]))
        var usage = Usage()
        for bucket in UsageBucket.allCases {
            usage[bucket] = try count("data.usage.\(bucket.rawValue)", members[bucket.rawValue])
        }
        usage.reasoning = try count("data.usage.reasoning", members["reasoning"])
        guard usage.reasoning <= usage.output else {
            throw ReportError("data.usage.reasoning", "is part of output, so it cannot be more")
        }
        guard UsageBucket.allCases.contains(where: { usage[$0] > 0 }) else {
            throw ReportError(
                "data.usage", "needs a count above 0 in one of \(buckets.joined(separator: ", "))")
        }
        return usage
    }

    private static func count(_ field: String, _ value: JSONValue?) throws(ReportError) -> Int64 {
        guard let value else { return 0 }
        guard let count = value.int64, (0...countMax).contains(count) else {
            throw ReportError(field, "must be a whole number from 0 to \(countMax)")
        }
        return count
    }

    /// More tokens than this in one report are a mistake, not a report.
    package static let countMax: Int64 = 1_000_000_000_000
}

/// The context attributes of an event, by name.
typealias CloudEventAttributes = [String: String]

/// What is wrong with an event.
struct ReportError: Error, Hashable {
    /// The attribute or member, as a path.
    let field: String
    /// What it has to be.
    let rule: String

    init(_ field: String, _ rule: String) {
        self.field = field
        self.rule = rule
    }
}

/// An object's members, none of them twice and none unknown.
struct ReportMembers {
    private var values: [String: JSONValue] = [:]

    init(_ object: JSONValue, _ path: String, allowed: Set<String>) throws(ReportError) {
        for (key, value) in object.object {
            let name = "\(path).\(key.prefix(64))"
            guard allowed.contains(key) else {
                throw ReportError(name, "is unknown; there are \(allowed.sorted().joined(separator: ", "))")
            }
            guard values[key] == nil else { throw ReportError(name, "stands twice") }
            values[key] = value
        }
    }

    subscript(key: String) -> JSONValue? { values[key] }
}
