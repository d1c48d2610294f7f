import LedgerCore
import Testing

@testable import Platform

@Suite("UsageHistory")
struct UsageHistoryTests {
    static func rejected(_ number: Int64, at time: String, user: String = "ann") throws -> RecordedEvent {
        let call = CallIdentity(
            callID: UniqueID(bits: UInt128(number)), user: try #require(UserID(user)), source: "proxy",
            provider: "anthropic", model: "claude-x", api: "messages")
        let limit = QuotaLimit(kind: .dailyCost, limit: 1, used: 1, reserved: 0, retryAt: nil)
        return RecordedEvent(
            position: Position(number), timestamp: try #require(Timestamp(time.utf8)),
            id: UniqueID(bits: UInt128(number)),
            event: .callRejected(
                CallRejected(call: call, limit: limit, requested: .zero, requestedTokens: 1)))
    }

    static func breakdown(
        _ from: String, _ to: String, _ bucket: UsageBucketLength, _ dimensions: Set<UsageDimension> = []
    ) throws -> UsageBreakdown {
        UsageBreakdown(
            from: try #require(Timestamp(from.utf8)), to: try #require(Timestamp(to.utf8)), bucket: bucket,
            dimensions: dimensions)
    }

    @Test("A breakdown has the whole buckets that its range touches")
    func wholeBuckets() throws {
        let hours = try Self.breakdown("2026-11-24T10:59:59Z", "2026-11-24T12:00:01Z", .hour)
        #expect(hours.from.text == "2026-11-24T10:00:00.000000Z")
        #expect(hours.to.text == "2026-11-24T13:00:00.000000Z")
        let days = try Self.breakdown("2026-11-24T10:59:59Z", "2026-11-25T00:00:00Z", .day)
        #expect(days.from.text == "2026-11-24T00:00:00.000000Z")
        #expect(days.to.text == "2026-11-25T00:00:00.000000Z")
    }

    @Test("Hours and days have the same sums; what is not kept apart is summed up")
    func sums() throws {
        var history = UsageHistory()
        for (number, time) in ["2026-11-23T23:59:59Z", "2026-11-24T00:00:00Z", "2026-11-24T01:30:00Z"]
            .enumerated()
        {
            history.evolve(
                try Self.rejected(Int64(number + 1), at: time, user: number == 2 ? "bob" : "ann"))
        }
        let hours = try Self.breakdown("2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z", .hour, [.user])
        #expect(history.usage(hours, rowsMax: 10)?.count == 3)
        let days = try Self.breakdown("2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z", .day)
        let sums = try #require(history.usage(days, rowsMax: 10))
        #expect(sums.sorted { $0.key < $1.key }.map(\.value.rejected) == [1, 2])
        #expect(history.lastPosition(in: days) == Position(3))
        #expect(
            history.lastPosition(in: try Self.breakdown("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", .day))
                == Position(1))
        #expect(history.usage(hours, rowsMax: 2) == nil)
    }

    @Test("Hours are forgotten after 92 days, their day stays")
    func forgets() throws {
        var history = UsageHistory()
        history.evolve(try Self.rejected(1, at: "2026-01-01T10:00:00Z"))
        history.evolve(try Self.rejected(2, at: "2026-04-03T10:00:00Z"))
        let from = "2026-01-01T00:00:00Z"
        let to = "2026-04-04T00:00:00Z"
        #expect(history.usage(try Self.breakdown(from, to, .hour), rowsMax: 10)?.count == 2)
        history.evolve(try Self.rejected(3, at: "2026-04-04T10:00:00Z"))
        #expect(history.usage(try Self.breakdown(from, to, .hour), rowsMax: 10)?.count == 1)
        #expect(history.usage(try Self.breakdown(from, to, .day), rowsMax: 10)?.count == 2)
    }

    @Test("The latest refusals are kept, a bounded number of them")
    func refusals() throws {
        var history = UsageHistory()
        for number in 1...30 { history.evolve(try Self.rejected(Int64(number), at: "2026-11-24T10:00:00Z")) }
        #expect(history.refusals.count == UsageHistory.refusalsMax)
        #expect(history.refusals.last?.position == Position(30))
    }
}
