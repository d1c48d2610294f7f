import JSON
import LedgerCore
import LedgerRuntime

/// Users' sums of today and this month beside their limits, the dearest first.
struct DashboardUsers {
    /// All users' sums of today.
    private(set) var today = UsageSums()
    /// All users' sums of this month.
    private(set) var month = UsageSums()
    private var rows: [Row] = []
    private let view: LedgerView
    private let now: Timestamp

    private struct Row {
        let user: UserID
        let today: UsageSums
        let month: UsageSums
    }

    init(_ view: LedgerView, now: Timestamp) {
        self.view = view
        self.now = now
        for (user, usage) in view.usage.users {
            let row = Row(user: user, today: usage.day(at: now), month: usage.month(at: now))
            today.add(row.today)
            month.add(row.month)
            rows.append(row)
        }
        for user in view.state.quotas.keys where view.usage.users[user] == nil {
            rows.append(Row(user: user, today: UsageSums(), month: UsageSums()))
        }
        rows.sort { left, right in
            if left.today.cost != right.today.cost { return left.today.cost > right.today.cost }
            if left.month.cost != right.month.cost { return left.month.cost > right.month.cost }
            return left.user.text < right.user.text
        }
    }

    /// The users who cost most in the days that are shown.
    static func dearest(in history: UsageHistory, upTo today: Day) -> Set<String> {
        let first = Day(daysSince1970: today.daysSince1970 - Dashboard.daysShown + 1)
        let breakdown = UsageBreakdown(
            from: first.start, to: today.next.start, bucket: .day, dimensions: [.user])
        var costs: [String: Money] = [:]
        for (group, sums) in history.usage(breakdown, rowsMax: .max) ?? [:] where sums.cost > .zero {
            costs[group.user, default: .zero] = costs[group.user, default: .zero].addingClamped(sums.cost)
        }
        let sorted = costs.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
        return Set(sorted.prefix(Dashboard.dayUsersMax).map(\.key))
    }

    /// Writes the users, and how many more there are.
    func write(to json: inout JSONText) {
        json.key("users")
        json.array { json in
            for row in rows.prefix(Dashboard.usersMax) { json.object { write(row, to: &$0) } }
        }
        json.member("usersMore", max(rows.count - Dashboard.usersMax, 0))
    }

    private func write(_ row: Row, to json: inout JSONText) {
        json.member("user", row.user.text)
        json.key("today")
        json.object { row.today.write(to: &$0) }
        json.key("month")
        json.object { row.month.write(to: &$0) }
        json.key("quota")
        guard let quota = view.state.quotas[row.user] else { return json.null() }
        let ratios = view.state.meters(of: .user(row.user), at: now).map(\.tenThousandths)
        json.object { json in
            for (name, limit) in [
                ("dailyLimitUsd", quota.dailyLimit), ("monthlyLimitUsd", quota.monthlyLimit),
            ] {
                json.key(name)
                if let limit { json.raw(limit.decimalText) } else { json.null() }
            }
            json.member("enabled", quota.isEnabled)
            json.key("usedRatio")
            if let ratio = ratios.max() {
                json.raw(String(decoding: DecimalText.bytes(ratio, decimals: 4), as: UTF8.self))
            } else {
                json.null()
            }
        }
    }
}

extension Meter {
    /// What is used, held and reserved, in ten thousandths of the limit; a limit of nothing is used up.
    fileprivate var tenThousandths: Int128 {
        guard limit.amount > 0 else { return 10_000 }
        let (charged, isTooMuch) = used.addingReportingOverflow(reserved)
        guard !isTooMuch else { return 10_000 }
        let (product, overflow) = charged.multipliedReportingOverflow(by: 10_000)
        return overflow ? charged / max(limit.amount / 10_000, 1) : product / limit.amount
    }
}

extension DashboardContainer {
    /// Writes the reading, and what its user has cost today.
    func write(_ today: UsageSums, to json: inout JSONText) {
        json.member("handle", handle)
        json.member("user", user)
        json.member("status", status)
        json.member("health", health)
        json.key("cpuPercent")
        if let cpuBasisPoints {
            json.raw(String(decoding: DecimalText.bytes(Int128(cpuBasisPoints), decimals: 2), as: UTF8.self))
        } else {
            json.null()
        }
        for (name, value) in [
            ("memoryBytes", memoryBytes), ("memoryLimitBytes", memoryLimitBytes),
            ("networkReceiveBytes", networkReceiveBytes), ("networkTransmitBytes", networkTransmitBytes),
        ] {
            json.key(name)
            if let value { json.int(value) } else { json.null() }
        }
        json.member("ooms", ooms)
        json.key("costTodayUsd")
        json.raw(today.cost.decimalText)
        json.key("estimatedTodayUsd")
        json.raw(today.estimated.decimalText)
        json.member("unpricedToday", today.unpricedCalls)
    }
}

extension RecordedEvent {
    /// Writes what was refused, to whom and why.
    func writeRefusal(to json: inout JSONText) {
        json.member("position", position.value)
        json.member("timestamp", timestamp.text)
        json.member("type", event.type.rawValue)
        json.member("user", event.user?.text)
        switch event {
        case .callRejected(let refused):
            json.member("reason", refused.limit.kind.rawValue)
            json.member("source", refused.call.source)
            json.member("model", refused.call.model)
        case .dispatchRejected(let refused):
            json.member("reason", refused.limit?.kind.rawValue ?? refused.reason.rawValue)
            json.member("source", refused.dispatch.source)
            json.member("model", refused.dispatch.requestModel)
        default: break
        }
    }
}
