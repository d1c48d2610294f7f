import Crypto
import HTTP
import LedgerCore
import LedgerRuntime

/// What `GET /api/logs` is asked for.
struct LogQuery: Hashable, Sendable {
    static let limitMax = 1_000
    private static let limitDefault = 100
    private static let sourceBytesMax = 64

    /// The day, in UTC.
    let day: Day
    /// Only events of this source.
    let source: String?
    /// Only events that concern this user.
    var user: UserID?
    /// How many lines at most.
    let limit: Int
    /// Where to go on.
    let start: JournalPlace?

    /// Reads a request's query; names that are not ours are ignored.
    init(_ head: HTTPRequestHead, today: Day) throws(LogQueryError) {
        let values = try Self.values(head)
        var start: JournalPlace?
        if let text = values["cursor"] {
            guard let place = LogCursor.place(text) else { throw .cursor }
            start = place
        }
        var day = start?.day ?? today
        if let text = values["date"] {
            guard let asked = Day(text.utf8) else { throw .date }
            day = asked
        }
        guard start == nil || start?.day == day else { throw .cursor }
        var user: UserID?
        if let text = values["user"] {
            guard let name = UserID(text) else { throw .user }
            user = name
        }
        self.day = day
        self.start = start
        self.user = user
        source = try Self.source(values["source"])
        limit = try Self.limit(values["limit"])
    }

    /// Whether the journal line `bytes` is asked for.
    func isWanted(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard user != nil || source != nil else { return true }
        // A line that this version cannot read is shown to nobody who may not see all.
        guard let event = (try? EventDecoder.decode(bytes))?.event else { return false }
        return (user == nil || event.user == user) && (source == nil || event.source == source)
    }

    private static func source(_ text: String?) throws(LogQueryError) -> String? {
        guard let text else { return nil }
        let bytes = text.utf8
        guard bytes.count <= sourceBytesMax, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .source
        }
        return text
    }

    private static func limit(_ text: String?) throws(LogQueryError) -> Int {
        guard let text else { return limitDefault }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let limit = Int(text),
            (1...limitMax).contains(limit)
        else { throw .limit }
        return limit
    }

    /// The parameters by name; an empty one is as good as none, as forms send it.
    private static func values(_ head: HTTPRequestHead) throws(LogQueryError) -> [String: String] {
        var values: [String: String] = [:]
        for pair in head.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true),
                values[name] == nil
            else { throw .encoding }
            if !value.isEmpty { values[name] = value }
        }
        return values
    }
}

/// A place in the journal as clients carry it: opaque, and checked when it comes back.
enum LogCursor {
    static func text(_ place: JournalPlace) -> String { Base64URL.encode(Array(place.text.utf8)) }

    static func place(_ text: String) -> JournalPlace? {
        guard text.utf8.count <= 128, let bytes = Base64URL.decode(text) else { return nil }
        return JournalPlace(String(decoding: bytes, as: UTF8.self))
    }
}

/// What is wrong in a query.
enum LogQueryError: Error, Hashable {
    case encoding, date, source, user, limit, cursor

    /// The answer, which says what is allowed.
    var problem: Problem {
        let detail =
            switch self {
            case .encoding: "Each parameter may stand once, percent-encoded UTF-8."
            case .date: "date is a UTC day that exists, YYYY-MM-DD."
            case .source: "source is 1 to 64 visible ASCII characters."
            case .user: "user is 1 to 128 of A–Z a–z 0–9 . _ @ : + -, not starting with an underscore."
            case .limit: "limit is 1 to \(LogQuery.limitMax)."
            case .cursor: "cursor is a nextCursor of the same day, as it was answered."
            }
        return Problem(status: 400, type: "/problems/log-query", title: "Not a query", detail: detail)
    }
}
