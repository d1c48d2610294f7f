import LedgerRuntime
import HTTP
import JSON
import LedgerCore
import TestSupport
import Testing

@testable import Platform

@Suite("DashboardRoutes")
struct DashboardRoutesTests {
    private func usd(_ text: String) throws -> Money { try Money(decimal: text) }

    private func dashboard(_ house: AdminFixture) throws -> JSONValue {
        // Once usage is answered for now, the fold that the dashboard shows is there as well.
        #expect(try house.send("GET", "/api/usage").status == 200)
        let answer = try house.send("GET", "/admin/dashboard")
        #expect(answer.status == 200)
        return try JSONDocument.parse(Array(answer.text.utf8)).root
    }

    @Test("Today, this month, users with their limits, models, days and refusals are there")
    func figures() throws {
        let house = try AdminFixture("2026-11-20T00:00:00Z")
        defer { house.stop() }
        let ann = try #require(UserID("ann"))
        try house.set("2026-11-23T12:00:00Z")
        try house.call("ann", .priced(try usd("1.5")))
        try house.set("2026-11-24T12:00:00Z")
        try house.ask(.setQuota(ann, Quota(dailyLimit: try usd("4")), actor: "test"))
        try house.call("ann", .priced(try usd("1")))
        try house.call("bob", .estimated(try usd("0.25")))
        let refused = CallIdentity(
            callID: UniqueID(bits: 999), user: ann, source: "proxy", provider: "anthropic", model: "claude-x",
            api: "messages")
        try house.ask(
            .reserve(refused, Estimate(cost: try usd("9"), tokens: 1), priceBook: "b", isPriced: true))
        let root = try dashboard(house)
        #expect(root["today"]?["costUsd"]?.rawNumber == "1.25")
        #expect(root["today"]?["estimatedUsd"]?.rawNumber == "0.25")
        #expect(root["month"]?["costUsd"]?.rawNumber == "2.75")
        #expect(root["grafanaUrl"]?.string == "http://localhost:3200")
        let users = Array(try #require(root["users"]).array)
        #expect(users.map { $0["user"]?.string } == ["ann", "bob"])
        #expect(users[0]["quota"]?["usedRatio"]?.rawNumber == "0.25")
        #expect(users[1]["quota"]?.isNull == true)
        let days = Array(try #require(root["days"]).array)
        #expect(days.count == 30)
        #expect(days.last?["costUsd"]?.rawNumber == "1.25" && days[28]["costUsd"]?.rawNumber == "1.5")
        #expect(days.last.map { Array($0["byUser"]!.array).count } == 2)
        #expect(Array(try #require(root["models"]).array).first?["model"]?.string == "claude-x")
        let rejected = Array(try #require(root["rejected"]).array)
        #expect(rejected.count == 1 && rejected[0]["reason"]?.string == "daily_cost")
        #expect(root["postgres"]?.isNull == true && root["engine"]?.isNull == true)
        #expect(root["journal"]?["writable"]?.bool == true)
    }

    @Test("Containers come from the source, with what their user cost today")
    func containers() throws {
        let house = try AdminFixture { source in
            source.containers = {
                var reading = DashboardContainer(
                    handle: "ann", user: "ann", status: "running", health: "healthy")
                reading.cpuBasisPoints = 4_975
                reading.memoryBytes = 1_000
                return [DashboardContainer(handle: "zoe", user: "zoe", status: "exited"), reading]
            }
            source.engineConnected = { true }
            source.postgres = { PostgresReading(isConnected: true, lagEvents: 3) }
        }
        defer { house.stop() }
        try house.call("ann", .priced(try usd("0.5")))
        let root = try dashboard(house)
        let containers = Array(try #require(root["containers"]).array)
        #expect(containers.map { $0["handle"]?.string } == ["ann", "zoe"])
        #expect(containers[0]["cpuPercent"]?.rawNumber == "49.75")
        #expect(containers[0]["costTodayUsd"]?.rawNumber == "0.5")
        #expect(containers[1]["cpuPercent"]?.isNull == true)
        #expect(root["engine"]?["connected"]?.bool == true)
        #expect(root["postgres"]?["lagEvents"]?.int64 == 3)
    }

    @Test("Beyond fifty users the rest is counted, and is in the totals")
    func manyUsers() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        for number in 1...53 { try house.call("user-\(number)", .priced(try usd("0.\(number + 10)"))) }
        let root = try dashboard(house)
        let users = Array(try #require(root["users"]).array)
        #expect(users.count == Dashboard.usersMax && root["usersMore"]?.int64 == 3)
        #expect(users.first?["user"]?.string == "user-53")
        #expect(root["today"]?["calls"]?.int64 == 53)
        let days = Array(try #require(root["days"]).array)
        #expect(days.last.map { Array($0["byUser"]!.array).count } == 8)
    }

    @Test("Only the administrator sees it")
    func access() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        for path in ["/admin/dashboard", "/api/usage/stream"] {
            #expect(try house.send("GET", path, [:]).status == 401)
            #expect(try house.send("GET", path, AdminFixture.asUser("ann")).status == 401)
        }
    }

    @Test("The stream tells at once how things are, and again when they have changed")
    func stream() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let client = try RawClient(port: house.port)
        let token = AdminFixture.adminToken
        client.send(
            Array("GET /api/usage/stream HTTP/1.1\r\nhost: p\r\nauthorization: Bearer \(token)\r\n\r\n".utf8))
        let first = try client.receive(until: "\n\n")
        #expect(first.contains("text/event-stream") && first.contains("event: usage"))
        #expect(first.contains(#""calls":0"#))
        try house.call("ann", .priced(try usd("0.5")))
        let second = try client.receive(until: #""costUsd":0.5"#)
        #expect(second.contains(#""day":{"date":"2026-11-24""#) || second.contains(#""today""#))
    }
}
