import HTTP
import LedgerCore

/// What `GET /api/usage` is asked for.
struct UsageQuery: Hashable, Sendable {
    /// The range, its buckets and what is kept apart.
    let breakdown: UsageBreakdown

    private static let dayMicroseconds: Int64 = 86_400_000_000
    private static let names: Set<String> = ["from", "to", "bucket", "by", "user"]

    /// Reads a request's query; `owner`, when given, is the only user that may be asked for.
    init(_ head: HTTPRequestHead, now: Timestamp, owner: UserID?) throws(UsageQueryError) {
        let values = try Self.values(head)
        guard let bucket = UsageBucketLength(rawValue: values["bucket"] ?? "1d") else { throw .bucket }
        let to = try values["to"].map { text throws(UsageQueryError) in try Self.time(text, isEnd: true) }
        let end = to ?? now
        let week = Timestamp(microseconds: end.microseconds - 7 * Self.dayMicroseconds)
        let from =
            try values["from"].map { text throws(UsageQueryError) in try Self.time(text, isEnd: false) }
            ?? week
        guard from < end else { throw .order }
        let daysBack = bucket == .hour ? UsageHistory.hourDays : UsageHistory.daysMax
        guard from.day.daysSince1970 >= now.day.daysSince1970 - daysBack else { throw .tooOld(bucket) }
        // A future without end would only be empty buckets: the answer has none of those.
        breakdown = UsageBreakdown(
            from: from, to: end, bucket: bucket, dimensions: try Self.dimensions(values["by"]),
            user: try Self.user(values["user"], owner))
    }

    private static func user(_ text: String?, _ owner: UserID?) throws(UsageQueryError) -> UserID? {
        guard let text else { return owner }
        guard let user = UserID(text) else { throw .user }
        guard owner == nil || owner == user else { throw .foreign }
        return user
    }

    /// The dimensions by name; a model is one provider's, so it brings that along.
    private static func dimensions(_ text: String?) throws(UsageQueryError) -> Set<UsageDimension> {
        var dimensions: Set<UsageDimension> = []
        for name in (text ?? "").split(separator: ",") {
            guard let dimension = UsageDimension(rawValue: String(name)) else { throw .dimension }
            dimensions.insert(dimension)
            if dimension == .model { dimensions.insert(.provider) }
        }
        return dimensions
    }

    /// A moment, or a day: its first moment, or as an end the one after its last.
    private static func time(_ text: String, isEnd: Bool) throws(UsageQueryError) -> Timestamp {
        if let day = Day(text.utf8) { return isEnd ? day.next.start : day.start }
        guard let time = RFC3339.timestamp(text) else { throw .time }
        return time
    }

    /// The parameters by name; an empty one is as good as none, as forms send it.
    private static func values(_ head: HTTPRequestHead) throws(UsageQueryError) -> [String: String] {
        var values: [String: String] = [:]
        for pair in head.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                // A plus is a time's: RFC 3339 has it, and none of these values has a space.
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : ""),
                values[name] == nil
            else { throw .encoding }
            guard names.contains(name) else { throw .unknown }
            if !value.isEmpty { values[name] = value }
        }
        return values
    }
}

/// What is wrong in a query.
enum UsageQueryError: Error, Hashable {
    case encoding, unknown, time, order, bucket, dimension, user, foreign
    case tooOld(UsageBucketLength)

    /// The answer, which says what is allowed.
    var problem: Problem {
        if self == .foreign { return Self.foreignProblem }
        let detail =
            switch self {
            case .encoding: "Each parameter may stand once, percent-encoded UTF-8."
            case .unknown: "The parameters are from, to, bucket, by and user."
            case .time: "from and to are days, YYYY-MM-DD, or times as in RFC 3339 that exist."
            case .order: "from lies before to; to is now unless it is given."
            case .bucket: "bucket is 1h or 1d."
            case .dimension: "by is a list, separated by commas, of user, source, provider, model and kind."
            case .user, .foreign:
                "user is 1 to 128 of A–Z a–z 0–9 . _ @ : + -, not starting with an underscore."
            case .tooOld(.hour): "Hours reach back \(UsageHistory.hourDays) days; ask for bucket=1d."
            case .tooOld(.day): "Days reach back \(UsageHistory.daysMax) days."
            }
        return Problem(status: 400, type: "/problems/usage-query", title: "Not a query", detail: detail)
    }

    private static let foreignProblem = Problem(
        status: 403, type: "/problems/foreign-user", title: "Not yours to read",
        detail: "A user's key reads that user's own usage; leave user out, or use the administrator's token.")
}
