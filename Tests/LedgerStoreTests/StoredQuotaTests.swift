import LedgerCore
import Testing

@testable import LedgerStore
import TestSupport

@Suite("Stored quotas")
struct StoredQuotaTests {
    @Test("a user's limits are kept as last set, and a removal is a word too")
    func quotas() throws {
        let database = try TestDatabase()
        let journal = SampleJournal()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        let user = try #require(UserID("alice"))
        func say(_ quota: Quota?, at position: Int64) throws {
            let sample = journal.batch(position...position)
            let event: Event =
                quota.map { .quotaSet(QuotaSet(user: user, quota: $0, actor: "root")) }
                ?? .quotaRemoved(QuotaRemoved(user: user, actor: "root"))
            var quotas: [UserID: StoredQuota] = [:]
            StoredQuota.add(
                RecordedEvent(
                    position: Position(position), timestamp: sample.events[0].recordedAt,
                    id: sample.events[0].id, event: event), to: &quotas)
            try store.ingest(
                IngestBatch(after: sample.after, events: sample.events, sums: sample.sums, quotas: quotas))
        }
        let row = """
            select daily_limit_usd, monthly_limit_usd, daily_tokens, is_enabled, is_removed, position
            from ledger.quotas where user_id = 'alice'
            """
        try say(Quota(dailyLimit: Money(attos: 1), dailyTokens: 7), at: 1)
        #expect(try database.row(row) == ["0.000000000000000001", nil, "7", "t", "f", "1"])
        try say(Quota(monthlyLimit: Money(attos: 0), isEnabled: false), at: 2)
        #expect(try database.row(row) == [nil, "0.000000000000000000", nil, "f", "f", "2"])
        try say(nil, at: 3)
        #expect(try database.row(row) == [nil, nil, nil, "t", "t", "3"])
        // An earlier word that arrives later, from another journal.
        try database.run(
            """
            select ledger.add_quotas('there', '[{"user_id":"alice","daily_tokens":1,"is_enabled":true,
              "changed_at":"2020-01-01Z","changed_by":"x","position":99}]')
            """)
        #expect(try database.row(row) == [nil, nil, nil, "t", "t", "3"])
    }
}
