import LedgerCore
import Postgres

/// One user's limits as `ledger.quotas` has them.
package struct StoredQuotaRow: Hashable, Sendable {
    /// The limits, and who set them where.
    package let stored: StoredQuota
    /// The journal that they come from.
    package let origin: String

    /// Creates a row.
    package init(_ stored: StoredQuota, origin: String) {
        self.stored = stored
        self.origin = origin
    }
}

extension LedgerStore {
    /// Every user's limits; of removed ones that they were removed.
    func quotas() throws(StoreError) -> [UserID: StoredQuotaRow] {
        let rows = try query(
            """
            select user_id, daily_limit_usd, monthly_limit_usd, daily_tokens, is_enabled, is_removed,
              to_char(changed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), changed_by, origin, position
            from ledger.quotas
            """)
        var found: [UserID: StoredQuotaRow] = [:]
        for row in 0..<rows.rowCount {
            guard let user = rows.text(row, 0).flatMap({ UserID($0) }), let enabled = rows.text(row, 4),
                let removed = rows.text(row, 5),
                let changedAt = rows.text(row, 6).flatMap({ Timestamp($0.utf8) }),
                let actor = rows.text(row, 7), let origin = rows.text(row, 8),
                let position = rows.integer(row, 9)
            else { throw .unreadable("the limits of users") }
            let quota = Quota(
                dailyLimit: rows.text(row, 1).flatMap { try? Money(decimal: $0) },
                monthlyLimit: rows.text(row, 2).flatMap { try? Money(decimal: $0) },
                dailyTokens: rows.integer(row, 3), isEnabled: enabled == "t")
            let stored = StoredQuota(
                quota: removed == "t" ? nil : quota, actor: actor, changedAt: changedAt,
                position: Position(position))
            found[user] = StoredQuotaRow(stored, origin: origin)
        }
        return found
    }
}
