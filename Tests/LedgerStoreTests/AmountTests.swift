import LedgerCore
import TestSupport
import Testing

@testable import LedgerStore

@Suite("Amounts beyond the database's")
struct AmountTests {
    let database: TestDatabase
    let journal = SampleJournal()

    init() throws { database = try TestDatabase() }

    @Test("an amount that no column holds is named with its position, and nothing of its batch is stored")
    func tooLarge() throws {
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(1000), chainAt: journal.chain(at:))
        let most: Int128 = 99_999_999_999_999_999_999_999_999_999_999_999_999
        func batch(_ range: ClosedRange<Int64>, costs: [Int64: Int128]) -> IngestBatch {
            var events = range.map { journal.event($0) }
            for index in events.indices {
                if let cost = costs[events[index].position.value] { events[index].cost = Money(attos: cost) }
                events[index].user = "ann"
                events[index].model = "one"
            }
            return IngestBatch(
                after: journal.checkpoint(at: range.lowerBound - 1), events: events,
                sums: SampleJournal.sums(of: events))
        }
        func refusal(_ batch: IngestBatch) throws -> ClosedRange<Position>? {
            let error = #expect(throws: StoreError.self) { try store.ingest(batch) }
            guard case .tooLarge(let positions, _)? = error else { return nil }
            #expect(error?.isRetryable == false)
            #expect(error.map { "\($0)".contains("position") && "\($0)".contains("LEDGER_ORIGIN") } == true)
            return positions
        }
        #expect(try refusal(batch(1...3, costs: [2: most + 1])) == Position(2)...Position(2))
        #expect(try refusal(batch(1...3, costs: [2: most, 3: 1])) == Position(1)...Position(3))
        try store.ingest(batch(1...3, costs: [1: 0, 2: most - 1, 3: 0]))
        // The sum that is stored already has no room for it.
        #expect(try refusal(batch(4...5, costs: [4: 1, 5: 1])) == Position(4)...Position(5))
        let limit = StoredQuota(
            quota: Quota(dailyLimit: Money(attos: most + 1)), actor: "admin",
            changedAt: journal.event(4).recordedAt, position: Position(4))
        let quotas = try [#require(UserID("ann")): limit]
        let setting = IngestBatch(
            after: journal.checkpoint(at: 3), events: [journal.event(4)], sums: [:], quotas: quotas)
        #expect(try refusal(setting) == Position(4)...Position(4))
        #expect(try store.eventCount() == 3 && store.checkpoint() == journal.checkpoint(at: 3))
    }
}
