import JSON
import LedgerCore

/// A subject's limits with what is used of them, as one moment has them.
struct QuotaView {
    let subject: QuotaSubject
    let quota: Quota
    let meters: [Meter]
    /// The user's figures in UTC, where it is a user.
    let budget: Budget?
    let groups: [GroupName]

    /// Reads `state`; nil when `subject` has no limits.
    init?(_ subject: QuotaSubject, _ state: LedgerState, at now: Timestamp) {
        guard let quota = state.quota(of: subject) else { return nil }
        self.subject = subject
        self.quota = quota
        meters = state.meters(of: subject, at: now)
        budget = subject.user.map { state.budget(of: $0, at: now) }
        groups = subject.user.flatMap { state.groups[$0] } ?? []
    }

    /// Writes the members of an object.
    func write(to json: inout JSONText) {
        if let user = subject.user { json.member("user", user.text) }
        json.member("subject", subject.text)
        writeLimits(to: &json)
    }

    /// Writes the members without whose they are.
    func writeLimits(to json: inout JSONText) {
        if !quota.names.isEmpty {
            json.key("names")
            json.array { json in for name in quota.names { json.string(name) } }
        }
        json.member("enabled", quota.isEnabled)
        Self.member("dailyLimitUsd", quota.dailyLimit, to: &json)
        Self.member("monthlyLimitUsd", quota.monthlyLimit, to: &json)
        if let tokens = quota.dailyTokens { json.member("dailyTokens", tokens) }
        json.member("timezone", quota.calendar.zone.name)
        if let budget {
            Self.member("dayUsedUsd", used(.cost, .day) ?? budget.day.used, to: &json)
            Self.member("dayReservedUsd", reserved(.day) ?? budget.day.reserved, to: &json)
            json.member(
                "dayTokens", meter(.tokens, .day).map { Int64(clamping: $0.used) } ?? budget.day.tokens)
            Self.member("monthUsedUsd", used(.cost, .month) ?? budget.month.used, to: &json)
            Self.member("monthReservedUsd", reserved(.month) ?? budget.month.reserved, to: &json)
        }
        json.member("weekStart", QuotaBody.weekdays[Int(quota.calendar.weekStart) - 1])
        Self.member("thresholds", quota.thresholds, to: &json)
        json.key("limits")
        json.array { json in
            if meters.isEmpty {
                for limit in quota.allLimits { json.object { Self.write(limit, to: &$0) } }
            }
            for meter in meters { json.object { Self.write(meter, to: &$0) } }
        }
        guard !groups.isEmpty else { return }
        json.key("groups")
        json.array { json in for group in groups { json.string(group.text) } }
    }

    private func meter(_ measure: LimitMeasure, _ window: LimitWindow) -> Meter? {
        meters.first { $0.limit.measure == measure && $0.limit.window == window }
    }

    private func used(_ measure: LimitMeasure, _ window: LimitWindow) -> Money? {
        meter(measure, window).map { Money(attos: $0.used) }
    }

    private func reserved(_ window: LimitWindow) -> Money? {
        meter(.cost, window).map { Money(attos: $0.reserved) }
    }

    private static func write(_ limit: Limit, to json: inout JSONText) {
        json.member("measure", limit.measure.rawValue)
        json.member("window", limit.window.rawValue)
        member(limit.measure, "limit", limit.amount, to: &json)
    }

    private static func write(_ meter: Meter, to json: inout JSONText) {
        let measure = meter.limit.measure
        write(meter.limit, to: &json)
        member(measure, "used", meter.used, to: &json)
        member(measure, "reserved", meter.reserved, to: &json)
        member(measure, "left", meter.left, to: &json)
        json.member("windowStart", meter.start.text)
        json.member("windowEnd", meter.end.text)
        member("thresholds", meter.thresholds, to: &json)
        json.member("crossed", meter.crossed)
    }

    private static func member(
        _ measure: LimitMeasure, _ key: String, _ amount: Int128, to json: inout JSONText
    ) {
        if measure == .cost {
            member(key + "Usd", Money(attos: amount), to: &json)
        } else {
            json.member(key, amount)
        }
    }

    private static func member(_ key: String, _ percentages: [Int64], to json: inout JSONText) {
        json.key(key)
        json.array { json in for percentage in percentages { json.int(percentage) } }
    }

    private static func member(_ key: String, _ amount: Money?, to json: inout JSONText) {
        guard let amount else { return }
        json.key(key)
        json.raw(amount.decimalText)
    }
}
