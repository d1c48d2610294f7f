import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Synchronization
import Testing
import Threads

@testable import Platform

@Suite("EventRoutes")
struct EventRoutesTests {
    private static let structured: HTTPHeaders = [
        "authorization": "Bearer \(AdminFixture.adminToken)", "content-type": "application/cloudevents+json",
    ]
    private static let batch: HTTPHeaders = [
        "authorization": "Bearer \(AdminFixture.adminToken)",
        "content-type": "application/cloudevents-batch+json",
    ]
    private static let known =
        #"{"provider":"anthropic","model":"claude-sonnet-4-6","usage":{"input":10,"output":5}}"#

    private func post(
        _ house: AdminFixture, _ body: String, _ headers: HTTPHeaders = structured
    ) throws -> AdminFixture.Answer { try house.send("POST", "/api/v1/events", headers, body) }

    @Test("A report is priced by us, recorded once, and counts for its user")
    func records() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let event = CloudEventReaderTests.event(data: Self.known)
        let first = try post(house, event)
        #expect(first.status == 202)
        let before = house.ledger.position
        let result = try JSONDocument.parse(Array(first.text.utf8)).root["results"]?.array.first { _ in true }
        #expect(result?["costUsd"]?.rawNumber == "0.000105")
        #expect(result?["costState"]?.isString("priced") == true)
        #expect(result?["position"]?.int64 == before.value)
        let again = try post(house, event)
        #expect(again.status == 200)
        #expect(
            again.text.contains(#""repeated":true"#) && again.text.contains(#""position":\#(before.value)"#))
        #expect(house.ledger.position == before)
        let usage = try house.send("GET", "/api/usage?by=user,kind&from=2026-11-24").text
        #expect(usage.contains(#""user":"ann","kind":"report""#) && usage.contains(#""costUsd":0.000105"#))
    }

    @Test("Another body under the same name is refused, and says where the first is")
    func conflicts() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        _ = try post(house, CloudEventReaderTests.event(data: Self.known))
        let position = house.ledger.position
        let other = try post(house, CloudEventReaderTests.event())
        #expect(other.status == 409)
        #expect(other.headers["x-ledger-position"] == String(position.value))
        let mixed = "[\(CloudEventReaderTests.event(id: "new")),\(CloudEventReaderTests.event())]"
        #expect(try post(house, mixed, Self.batch).status == 409)
        let twice =
            "[\(CloudEventReaderTests.event(id: "2")),\(CloudEventReaderTests.event(data: Self.known, id: "2"))]"
        #expect(try post(house, twice, Self.batch).status == 409)
        #expect(house.ledger.position == position, "nothing of these batches was recorded")
    }

    @Test("A model without a price is loud: no cost, and an amount held")
    func unpriced() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let answer = try post(house, CloudEventReaderTests.event())
        #expect(answer.status == 202)
        #expect(answer.text.contains(#""costUsd":null,"costState":"unpriced""#))
        let usage = try house.send("GET", "/api/usage?from=2026-11-24").text
        #expect(usage.contains(#""unpricedCalls":1"#))
    }

    @Test("Of a batch with one wrong event nothing is recorded; a good one is whole")
    func batches() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let before = house.ledger.position
        let wrong = "[\(CloudEventReaderTests.event()),\(CloudEventReaderTests.event(data: "{}", id: "2"))]"
        let refused = try post(house, wrong, Self.batch)
        #expect(refused.status == 400 && refused.text.contains("event 2: data.provider"))
        #expect(house.ledger.position == before)
        let events = (1...1_000).map { CloudEventReaderTests.event(data: Self.known, id: "\($0)") }
        let whole = try post(house, "[\(events.joined(separator: ","))]", Self.batch)
        #expect(whole.status == 202)
        #expect(house.ledger.position.value == before.value + 1_000)
        #expect(try post(house, "[\(events.joined(separator: ","))]", Self.batch).status == 200)
        #expect(house.ledger.position.value == before.value + 1_000)
    }

    @Test("Many at one time with one name count once")
    func concurrently() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let before = house.ledger.position
        let statuses = Lock<[Int]>([])
        let threads = try (0..<16).map { _ in
            try Thread(named: "sender") {
                let answer = try? house.send(
                    "POST", "/api/v1/events", Self.structured, CloudEventReaderTests.event())
                statuses.withLock { $0.append(answer?.status ?? 0) }
            }
        }
        for thread in threads { thread.join() }
        #expect(statuses.withLock { $0.sorted() } == Array(repeating: 200, count: 15) + [202])
        #expect(house.ledger.position.value == before.value + 1)
    }

    @Test("Only the administrator reports; what is too large or ahead of time is refused")
    func refuses() throws {
        let house = try AdminFixture("2026-11-24T09:00:00Z")
        defer { house.stop() }
        let event = CloudEventReaderTests.event()
        #expect(try post(house, event, ["content-type": "application/cloudevents+json"]).status == 401)
        var asUser = try AdminFixture.asUser("ann")
        asUser.add("content-type", "application/cloudevents+json")
        #expect(try post(house, event, asUser).status == 401)
        let early = try post(house, event)
        #expect(early.status == 400 && early.text.contains("data.usedAt"))
        let large = String(repeating: " ", count: CloudEventReader.bytesMax) + event
        #expect(try post(house, large).status == 413)
    }

    @Test("A ledger that takes nothing is a 503, which asks for the same body again")
    func unavailable() {
        let event = try? ReportPricing(try PriceBookFile.embedded()).event(
            try #require(
                CloudEventReaderTests.read("application/cloudevents+json", CloudEventReaderTests.event())
                    .first),
            now: try #require(Timestamp("2026-11-24T10:00:00Z".utf8)))
        guard let event else {
            Issue.record("no event")
            return
        }
        for failed in [ReportOutcome.failed(.closed), .failed(.overloaded)] {
            guard case .unavailable = EventAnswer([event, event], [.recorded(Position(1)), failed]) else {
                Issue.record("\(failed) counts as recorded")
                return
            }
        }
    }
}
