import HTTP
import LedgerCore
import Testing

@testable import Platform

@Suite("UsageQuery")
struct UsageQueryTests {
    static func query(_ text: String, owner: String? = nil) throws -> UsageBreakdown {
        let now = try #require(Timestamp("2026-11-24T12:34:56Z".utf8))
        let head = HTTPRequestHead(method: "GET", target: "/api/usage?\(text)", headers: [:])
        return try UsageQuery(head, now: now, owner: owner.flatMap { UserID($0) }).breakdown
    }

    @Test("Nothing said is the last seven days, by day, all in one")
    func standard() throws {
        let query = try Self.query("")
        #expect(query.from.text == "2026-11-17T00:00:00.000000Z")
        #expect(query.to.text == "2026-11-25T00:00:00.000000Z")
        #expect(query.bucket == .day)
        #expect(query.dimensions.isEmpty)
    }

    @Test("Days and times with an offset are understood; a day as the end is all of that day")
    func bounds() throws {
        let days = try Self.query("from=2026-11-20&to=2026-11-21")
        #expect(days.to.text == "2026-11-22T00:00:00.000000Z")
        let times = try Self.query(
            "from=2026-11-24T02:00:00+02:00&to=2026-11-24T01:00:00Z&bucket=1h&by=model")
        #expect(times.from.text == "2026-11-24T00:00:00.000000Z")
        #expect(times.to.text == "2026-11-24T01:00:00.000000Z")
        #expect(times.dimensions == [.provider, .model])
    }

    static let refused: [(text: String, error: UsageQueryError)] = [
        ("from=yesterday", .time), ("from=2026-02-30", .time), ("to=2026-11-24T25:00:00Z", .time),
        ("from=2026-11-24&to=2026-11-23", .order), ("bucket=5m", .bucket), ("by=user,colour", .dimension),
        ("by=user&by=model", .encoding), ("from=%zz", .encoding), ("user=_x", .user), ("limit=5", .unknown),
        ("bucket=1h&from=2026-08-01", .tooOld(.hour)), ("from=2010-01-01", .tooOld(.day)),
    ]

    @Test("What is wrong is named", arguments: refused)
    func refuses(_ row: (text: String, error: UsageQueryError)) {
        #expect(throws: row.error) { try Self.query(row.text) }
        #expect(row.error.problem.status == 400)
    }

    @Test("A user's key asks for its own user and no other")
    func owner() throws {
        #expect(try Self.query("by=model", owner: "ann").user?.text == "ann")
        #expect(try Self.query("user=ann", owner: "ann").user?.text == "ann")
        #expect(throws: UsageQueryError.foreign) { try Self.query("user=bob", owner: "ann") }
        #expect(UsageQueryError.foreign.problem.status == 403)
    }
}
