import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Logging
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Platform

@Suite("UsageRoutes")
struct UsageRoutesTests {
    /// Three users' calls over three days, one estimated and one unpriced, with amounts that no double holds.
    private func record(_ house: AdminFixture) throws {
        let odd = try Money(decimal: "0.000000123456789123")
        for (day, model) in [("22", "claude-x"), ("23", "claude-y"), ("24", "claude-x")] {
            try house.set("2026-11-\(day)T09:59:59Z")
            try house.call("ann", .priced(odd), model: model)
            try house.set("2026-11-\(day)T10:00:00Z")
            try house.call("bob", .estimated(try Money(decimal: "1234567.000000000000000001")), model: model)
            try house.call("ann", .priced(odd), model: model, source: "batch")
        }
        try house.call("eve", .unpriced(holding: try Money(decimal: "1")), model: "claude-unknown")
    }

    /// Recorded time never goes back, so a ledger of several days begins before them.
    static let early = "2026-11-20T00:00:00Z"

    static let queries = [
        "", "by=user", "by=model,source", "bucket=1h&by=user,model",
        "bucket=1h&from=2026-11-23&to=2026-11-23",
        "by=kind,user,source,provider,model&from=2026-11-01", "user=ann&by=model",
        "from=2026-11-20&to=2026-11-21",
        "bucket=1h&from=2026-11-22T10:00:00Z&to=2026-11-24T10:00:00Z",
    ]

    /// Waits until PostgreSQL has everything.
    private func ingest(_ house: AdminFixture, _ url: String) throws -> PostgresIngest {
        let ingest = PostgresIngest(ledger: house.ledger, url: url, log: .silent)
        try ingest.start()
        let bell = house.ledger.subscribe()
        for _ in 0..<6_000 where ingest.currentStatus.position < house.ledger.position.value {
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        try #require(ingest.currentStatus.position == house.ledger.position.value)
        return ingest
    }

    @Test("PostgreSQL and the projection give one answer, to the last digit")
    func oneAnswer() throws {
        let database = try TestDatabase()
        let url = database.server.url(database: database.name)
        let withStore = try AdminFixture(Self.early, postgresURL: url)
        let without = try AdminFixture(Self.early)
        defer {
            withStore.stop()
            without.stop()
        }
        try record(withStore)
        try record(without)
        let ingest = try ingest(withStore, url)
        defer { ingest.stop() }
        for query in Self.queries {
            let stored = try withStore.send("GET", "/api/usage?\(query)")
            let folded = try without.send("GET", "/api/usage?\(query)")
            #expect(stored.status == 200 && folded.status == 200)
            #expect(stored.text.contains(#""origin":"postgres""#), "\(query)")
            #expect(folded.text.contains(#""origin":"projection""#), "\(query)")
            #expect(stored.text.replacing(#""postgres""#, with: #""projection""#) == folded.text, "\(query)")
        }
        let all = try without.send("GET", "/api/usage?by=user").text
        #expect(all.contains(#""costUsd":1234567.000000000000000001"#))
        #expect(all.contains(#""costUsd":0.000000246913578246"#))
    }

    @Test("A database that has not all of the range is not asked")
    func notCaughtUp() throws {
        let database = try TestDatabase()
        let url = database.server.url(database: database.name)
        let house = try AdminFixture(Self.early, postgresURL: url)
        defer { house.stop() }
        try house.set("2026-11-22T10:00:00Z")
        try house.call("ann", .priced(try Money(decimal: "1")))
        try ingest(house, url).stop()
        try house.set("2026-11-24T10:00:00Z")
        try house.call("ann", .priced(try Money(decimal: "2")))
        let old = try house.send("GET", "/api/usage?from=2026-11-22&to=2026-11-22")
        #expect(old.text.contains(#""origin":"postgres""#))
        let new = try house.send("GET", "/api/usage")
        #expect(new.text.contains(#""origin":"projection""#))
        #expect(new.text.contains(#""costUsd":2,"#))
    }

    @Test("The administrator sees all, a user their own, nobody else anything")
    func access() throws {
        let house = try AdminFixture(Self.early)
        defer { house.stop() }
        try record(house)
        #expect(try house.send("GET", "/api/usage?by=user").text.contains(#""user":"bob""#))
        let own = try house.send("GET", "/api/usage?by=user", AdminFixture.asUser("ann"))
        #expect(own.status == 200)
        #expect(own.text.contains(#""user":"ann""#) && !own.text.contains("bob"))
        #expect(try house.send("GET", "/api/usage?user=bob", AdminFixture.asUser("ann")).status == 403)
        #expect(try house.send("GET", "/api/usage", [:]).status == 401)
        #expect(try house.send("GET", "/api/usage", ["x-api-key": "sk-proxy-ann.AAAA"]).status == 401)
        #expect(try house.send("GET", "/api/usage?bucket=2h").status == 400)
    }

    @Test("What was just recorded is in the answer")
    func readsItsWrites() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        for count in 1...30 {
            try house.call("ann", .priced(try Money(decimal: "0.01")))
            let answer = try house.send("GET", "/api/usage?from=2026-11-24")
            let row = try #require(
                try JSONDocument.parse(Array(answer.text.utf8)).root["rows"]?.array.first { _ in true })
            #expect(row["calls"]?.int64 == Int64(count))
        }
    }

    @Test("More than ten thousand rows are refused, with how to ask for fewer")
    func tooManyRows() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let answered = Semaphore()
        for number in 0...UsageArchive.rowsMax {
            let call = CallIdentity(
                callID: UniqueID(bits: UInt128(number + 1)), user: try #require(UserID("u\(number)")),
                source: "proxy", provider: "anthropic", model: "m", api: "messages")
            house.ledger.submit(
                .reserve(call, Estimate(cost: .zero, tokens: 1), priceBook: "b", isPriced: true)
            ) { _ in }
            house.ledger.submit(.expire(UniqueID(bits: UInt128(number + 1)), .restart)) { _ in
                answered.signal()
            }
        }
        for _ in 0...UsageArchive.rowsMax { answered.wait() }
        let answer = try house.send("GET", "/api/usage?by=user")
        #expect(answer.status == 400)
        #expect(answer.text.contains("too-many-rows") && answer.text.contains("bucket=1d"))
        #expect(try house.send("GET", "/api/usage?by=model").status == 200)
    }

    @Test("Beyond as many questions as may wait, the next is told to come back")
    func busy() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let archive = UsageArchive(house.ledger, postgresURL: nil, reads: PostgresReads(), log: .silent)
        let breakdown = try UsageHistoryTests.breakdown("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", .day)
        try archive.start()
        let (answering, release) = (Semaphore(), Semaphore())
        for _ in 0..<UsageArchive.readers {
            archive.ask(breakdown) { _ in
                answering.signal()
                release.wait()
            }
        }
        for _ in 0..<UsageArchive.readers { answering.wait() }
        let refused = Lock(0)
        for _ in 0..<40 {
            archive.ask(breakdown) { if case .failure(.busy) = $0 { refused.withLock { $0 += 1 } } }
        }
        #expect(refused.withLock { $0 } == 8)
        for _ in 0..<UsageArchive.readers { release.signal() }
        archive.close()
    }
}
