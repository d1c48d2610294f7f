import Foundation
import HTTP
import LedgerCore
import LedgerRuntime
import Testing

@testable import Gateway

@Suite("Log routes")
struct LogRoutesTests {
    private let admin = GatewayRoutesFixture.asAdmin

    @Test("The administrator reads today's lines as they are on disk", arguments: Transport.allCases)
    func all(_ transport: Transport) throws {
        let log = try LogFixture(transport)
        defer { log.stop() }
        try log.reserve("ann", source: "web", 3)
        let answer = try log.gateway.send("GET", "/api/logs", admin)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
        let entries = try log.lines().joined(separator: ",")
        #expect(answer.text == #"{"date":"\#(LogFixture.today)","entries":[\#(entries)],"nextCursor":null}"#)
        let named = try log.gateway.send("GET", "/api/logs?date=\(LogFixture.today)&limit=1000", admin)
        #expect(named.text == answer.text)
        let past = try log.gateway.send("GET", "/api/logs?date=2020-02-29&source=&user=&cursor=", admin)
        #expect(past.text == #"{"date":"2020-02-29","entries":[],"nextCursor":null}"#)
    }

    @Test("Following the cursor gives each wanted line once", arguments: Transport.allCases)
    func cursor(_ transport: Transport) throws {
        let log = try LogFixture(transport, scanBytesMax: 3_000)
        defer { log.stop() }
        for _ in 0..<10 {
            try log.reserve("ann", source: "web")
            try log.reserve("bob", source: "api")
            try log.reserve("ann", source: "telegram")
        }
        for (query, count) in [("", 30), ("&user=ann", 20), ("&source=web", 10), ("&user=bob&source=web", 0)]
        {
            var entries: [LogPage.Entry] = []
            var target = "/api/logs?date=\(LogFixture.today)&limit=4\(query)"
            var requests = 0
            while true {
                let page = try LogPage(try log.gateway.send("GET", target, admin).text)
                #expect(page.entries.count <= 4)
                entries += page.entries.filter { $0.type == "call.reserved" }
                requests += 1
                guard let next = page.nextCursor, requests < 100 else { break }
                // The cursor carries its day.
                target = "/api/logs?limit=4\(query)&cursor=\(next)"
            }
            #expect(entries.count == count)
            #expect(entries.map(\.position) == Array(Set(entries.map(\.position))).sorted())
            if query.contains("ann") { #expect(Set(entries.map(\.user)) == ["ann"]) }
            if query == "&source=web" { #expect(Set(entries.map(\.source)) == ["web"]) }
        }
    }

    @Test("A user reads their own lines and nobody else's", arguments: Transport.allCases)
    func rights(_ transport: Transport) throws {
        let log = try LogFixture(transport)
        defer { log.stop() }
        try log.reserve("ann", source: "web", 2)
        try log.reserve("bob", source: "web", 3)
        let (ann, eve) = (try GatewayRoutesFixture.asUser("ann"), try GatewayRoutesFixture.asUser("eve"))
        for target in ["/api/logs", "/api/logs?user=ann"] {
            let page = try LogPage(try log.gateway.send("GET", target, ann).text)
            #expect(page.entries.map(\.user) == ["ann", "ann"])
        }
        let none = try LogPage(try log.gateway.send("GET", "/api/logs", eve).text)
        #expect(none.entries.isEmpty)
        var refusals: Set<String> = []
        for user in ["bob", "nobody", "ANN"] {
            let answer = try log.gateway.send("GET", "/api/logs?user=\(user)", ann)
            #expect(answer.status == 403)
            refusals.insert(answer.text)
        }
        #expect(refusals.count == 1)
        #expect(try log.gateway.send("GET", "/api/logs").status == 401)
        #expect(try log.gateway.send("GET", "/api/logs?date=x").status == 401)
        let cookie = "\(GatewayAccess.cookieName)=\(try GatewayRoutesFixture.key("ann"))"
        let shell = try LogPage(try log.gateway.send("GET", "/api/logs", ["cookie": cookie]).text)
        #expect(shell.entries.count == 2)
        let foreign: HTTPHeaders = ["cookie": cookie, "origin": "http://evil.org"]
        #expect(try log.gateway.send("GET", "/api/logs", foreign).status == 403)
    }

    /// A word of the refusal, then the parameter and values that it refuses.
    static let wrong: [(word: String, name: String, values: [String])] = [
        (
            "YYYY-MM-DD", "date",
            [
                "../../../etc/passwd", "..%2F..%2Fetc%2Fpasswd", "%2e%2e%2f%2e%2e", "/etc/passwd",
                "%2Fproc%2Fself%2Fmem", "%00", "2026-11-25%00", "2026-11-25%00.jsonl", "2026-11-25.jsonl",
                "2026-11-25/../2026-11-24", "2026-11-2", "2026-11-255", "2026-1-25", "26-11-25",
                "0000-00-00", "0000-01-01", "9999-99-99", "2026-02-30", "2025-02-29", "2026-13-01",
                "-026-11-25", "+026-11-25", "2026-11-25T00:00:00Z", "today", "*",
                "%EF%BC%92026-11-25", "2026-11-25%0A", "%20", String(repeating: "9", count: 2_000),
            ]
        ),
        (
            "1 to 1000", "limit",
            ["0", "-1", "1001", "99999999999999999999", "1e3", "+5", "0x10", "1.5", "%205", "ten", "%D9%A1"]
        ),
        (
            "nextCursor", "cursor",
            ["x", "!", "..%2F..%2Fetc", "MjAyNi0xMS0yNS4wLjE", "%00", String(repeating: "A", count: 500)]
        ),
        ("underscore", "user", ["_other", "a%2Fb", "a%00", String(repeating: "a", count: 129)]),
        ("visible", "source", ["a%20b", "%1B%5B31m", String(repeating: "a", count: 65)]),
        ("once", "date", ["%zz", "2026-11-2%", "%ff", "2026-11-25&date=2026-11-25"]),
    ]

    @Test("What is no query is refused with what is allowed", arguments: Transport.allCases)
    func refusals(_ transport: Transport) throws {
        let log = try LogFixture(transport)
        defer { log.stop() }
        for row in Self.wrong {
            for value in row.values {
                let query = "\(row.name)=\(value)"
                let answer = try log.gateway.send("GET", "/api/logs?\(query)", admin)
                #expect(answer.status == 400, "\(query): \(answer.text)")
                #expect(answer.text.contains(row.word), "\(query): \(answer.text)")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
        }
        // As ever: names that are not ours do no harm.
        #expect(try log.gateway.send("GET", "/api/logs?_=1&&x", admin).status == 200)
    }

    @Test("A cursor that names no line's beginning is refused", arguments: Transport.allCases)
    func cursors(_ transport: Transport) throws {
        let log = try LogFixture(transport)
        defer { log.stop() }
        try log.reserve("ann", source: "web", 2)
        let day = LogFixture.noon.day
        let size = try Data(contentsOf: URL(fileURLWithPath: log.path())).count
        for (day, number, offset, status) in [
            (day, 0, 0, 200), (day, 0, size, 200), (day, 0, size + 1, 400), (day, 0, 1, 400),
            (day, 0, size - 1, 400), (day, 0, Int.max, 400), (day, 1, 0, 400), (day, Int.max, Int.max, 400),
            (day.next, 0, 0, 400),
        ] {
            let place = JournalPlace(day: day, segmentNumber: number, byteOffset: offset)
            let answer = try log.gateway.send("GET", "/api/logs?cursor=\(LogCursor.text(place))", admin)
            #expect(answer.status == status, "\(place.text)")
        }
        let today = LogCursor.text(JournalPlace(day: day, segmentNumber: 0, byteOffset: 0))
        let other = try log.gateway.send("GET", "/api/logs?date=2026-01-01&cursor=\(today)", admin)
        #expect(other.status == 400)
    }

    @Test(
        "A link in a segment's place is refused, and what it leads to not shown",
        arguments: Transport.allCases)
    func symlink(_ transport: Transport) throws {
        let log = try LogFixture(transport)
        defer { log.stop() }
        try log.reserve("ann", source: "web")
        let place = log.ledger.configuration.logsDirectory + "/2026-01-01.jsonl"
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/etc/passwd")
        #expect(mkfifo(log.ledger.configuration.logsDirectory + "/2026-01-02.jsonl", 0o600) == 0)
        for date in ["2026-01-01", "2026-01-02"] {
            let answer = try log.gateway.send("GET", "/api/logs?date=\(date)", admin)
            #expect(answer.status == 500)
            #expect(answer.text.contains("dledger verify"))
            #expect(!answer.text.contains("root:") && !answer.text.contains(".jsonl"))
        }
        #expect(try log.gateway.send("GET", "/api/logs", admin).status == 200)
    }
}
