import LedgerCore
import Postgres
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
            var recorded = sample.events[0]
            recorded.type = quota == nil ? "quota.removed" : "quota.set"
            recorded.user = user.text
            let event: Event =
                quota.map { .quotaSet(QuotaSet(user: user, quota: $0, actor: "root")) }
                ?? .quotaRemoved(QuotaRemoved(user: user, actor: "root"))
            var quotas: [UserID: StoredQuota] = [:]
            StoredQuota.add(
                RecordedEvent(
                    position: Position(position), timestamp: sample.events[0].recordedAt,
                    id: sample.events[0].id, event: event), to: &quotas)
            try store.ingest(
                IngestBatch(after: sample.after, events: [recorded], sums: [:], quotas: quotas))
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

    @Test("Limits that no event of the batch sets are refused, and sums below nothing or beyond numbers")
    func madeUp() throws {
        let database = try TestDatabase()
        let journal = SampleJournal()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(9), chainAt: journal.chain(at:))
        let sample = journal.batch(1...3)
        var quotas: [UserID: StoredQuota] = [:]
        let user = try #require(UserID("alice"))
        StoredQuota.add(
            RecordedEvent(
                position: Position(2), timestamp: sample.events[1].recordedAt, id: sample.events[1].id,
                event: .quotaRemoved(QuotaRemoved(user: user, actor: "root"))), to: &quotas)
        let error = #expect(throws: StoreError.self) {
            try store.ingest(
                IngestBatch(after: sample.after, events: sample.events, sums: sample.sums, quotas: quotas))
        }
        guard case .server(let said)? = error else { Issue.record("\(String(describing: error))"); return }
        #expect(said.sqlState == "22000")
        let writer = try database.connect(user: "ledger_writer")
        try writer.execute("select ledger.open_ingest()")
        for sums in ["calls) values (-1", "cost_usd) values ('NaN'", "held_usd) values (-0.1"] {
            let row = sums.replacing(") values (", with: ", origin, bucket) values (") + ", 'here', now())"
            let refused = #expect(throws: PostgresError.self) {
                try writer.execute("insert into ledger_incoming_usage (\(row)")
            }
            #expect(refused?.sqlState == "23514", "\(row)")
        }
    }
}
