package import LedgerCore

/// The last word of a batch of events on one user's limits.
package struct StoredQuota: Hashable, Sendable {
    /// The limits; nil when they were removed.
    package let quota: Quota?
    /// Who said so.
    package let actor: String
    /// When it was recorded.
    package let changedAt: Timestamp
    /// Where.
    package let position: Position

    /// Lays `recorded` over `quotas`, where it changes a user's limits.
    package static func add(_ recorded: RecordedEvent, to quotas: inout [UserID: StoredQuota]) {
        let change: (user: UserID, quota: Quota?, actor: String)
        switch recorded.event {
        case .quotaSet(let event):
            guard let user = event.user else { return }
            change = (user, event.quota.ofColumns, event.actor)
        case .quotaRemoved(let event):
            guard let user = event.user else { return }
            change = (user, nil, event.actor)
        default: return
        }
        quotas[change.user] = StoredQuota(
            quota: change.quota, actor: change.actor, changedAt: recorded.timestamp,
            position: recorded.position)
    }

    /// The changes as `ledger.ingest` takes them.
    static func json(_ quotas: [UserID: StoredQuota]) -> String {
        JSONRows.text(quotas.sorted { $0.key.text < $1.key.text }) { row, change in
            let (user, stored) = change
            row.field("user_id", user.text)
            if let limit = stored.quota?.dailyLimit { row.field("daily_limit_usd", limit) }
            if let limit = stored.quota?.monthlyLimit { row.field("monthly_limit_usd", limit) }
            if let limit = stored.quota?.dailyTokens { row.field("daily_tokens", limit) }
            row.flag("is_enabled", stored.quota?.isEnabled ?? true)
            row.flag("is_removed", stored.quota == nil)
            row.field("changed_at", stored.changedAt)
            row.field("changed_by", stored.actor)
            row.field("position", stored.position.value)
        }
    }
}

extension Quota {
    /// The part that has columns of its own: those of UTC.
    fileprivate var ofColumns: Quota {
        guard calendar.zone.isUTC else { return Quota(isEnabled: isEnabled) }
        return Quota(
            dailyLimit: dailyLimit, monthlyLimit: monthlyLimit, dailyTokens: dailyTokens,
            isEnabled: isEnabled)
    }
}
