/// The events of limits.
extension EventEncoder {
    static func write(_ event: QuotaSet, to line: inout LineWriter) {
        writeSubject(event.subject, to: &line)
        write(event.quota, to: &line)
        line.field("by", event.actor)
        line.field("reason", event.reason)
        if let pattern = event.pattern { line.field("pattern", pattern.value) }
        write(event.source, to: &line)
    }

    static func write(_ event: QuotaRemoved, to line: inout LineWriter) {
        writeSubject(event.subject, to: &line)
        line.field("by", event.actor)
        line.field("reason", event.reason)
        write(event.source, to: &line)
    }

    static func write(_ event: GroupJoined, to line: inout LineWriter) {
        line.field("group", event.group.text)
        line.field("by", event.actor)
        line.field("reason", event.reason)
        write(event.source, to: &line)
    }

    static func write(_ event: GroupLeft, to line: inout LineWriter) {
        line.field("group", event.group.text)
        line.field("by", event.actor)
        line.field("reason", event.reason)
        write(event.source, to: &line)
    }

    static func write(_ event: ThresholdCrossed, to line: inout LineWriter) {
        writeSubject(event.subject, to: &line)
        line.field("threshold", event.threshold)
        line.field("measure", event.limit.measure.rawValue)
        line.field("window", event.limit.window.rawValue)
        amount(event.limit.measure, event.limit.amount, ("limitUsd", "limit"), to: &line)
        amount(event.limit.measure, event.used, ("usedUsd", "used"), to: &line)
        line.field("windowStart", event.windowStart)
        line.field("windowEnd", event.windowEnd)
    }

    static func write(_ event: LeaseSet, to line: inout LineWriter) {
        writeSubject(event.key.subject, to: &line)
        line.field("measure", event.key.measure.rawValue)
        line.field("window", event.key.window.rawValue)
        amount(event.key.measure, event.limit, ("limitUsd", "limit"), to: &line)
        amount(event.key.measure, event.leased, ("leasedUsd", "leased"), to: &line)
        line.field("windowEnd", event.key.windowEnd)
        line.field("cause", event.cause.rawValue)
    }

    /// Writes where and when a change was made, or nothing where its event says so.
    private static func write(_ source: ChangeSource?, to line: inout LineWriter) {
        guard let source else { return }
        line.field("madeAt", source.madeAt)
        guard let copied = source.copiedFrom else { return }
        line.object("copiedFrom") { fields in
            fields.field("origin", copied.origin)
            fields.field("position", copied.position.value)
        }
    }

    /// Writes limits, without whose they are and who set them.
    static func write(_ quota: Quota, to line: inout LineWriter) {
        if let limit = quota.dailyLimit { line.field("dailyLimitUsd", limit) }
        if let limit = quota.monthlyLimit { line.field("monthlyLimitUsd", limit) }
        if let limit = quota.dailyTokens { line.field("dailyTokens", limit) }
        line.flag("disabled", !quota.isEnabled)
        if !quota.limits.isEmpty { line.objects("limits", quota.limits) { write($1, to: &$0) } }
        write(quota.calendar, to: &line)
        if !quota.thresholds.isEmpty { line.field("thresholds", quota.thresholds) }
        if !quota.names.isEmpty { line.field("names", quota.names) }
    }

    static func write(_ limit: Limit, to line: inout LineWriter) {
        line.field("measure", limit.measure.rawValue)
        line.field("window", limit.window.rawValue)
        amount(limit.measure, limit.amount, ("limitUsd", "limit"), to: &line)
        if let thresholds = limit.thresholds { line.field("thresholds", thresholds) }
    }

    /// Writes a calendar, or nothing for the one of UTC.
    static func write(_ calendar: QuotaCalendar, to line: inout LineWriter) {
        if calendar.zone != .utc {
            line.field("timezone", calendar.zone.name)
            line.field("zoneRule", calendar.zone.rule)
            if !calendar.zone.transitions.isEmpty {
                line.objects("zoneTransitions", calendar.zone.transitions) { fields, transition in
                    fields.field("at", transition.at)
                    fields.field("offset", transition.offset)
                }
            }
        }
        if calendar.weekStart != 1 { line.field("weekStart", calendar.weekStart) }
    }

    /// Writes a limit's figures, without its kind.
    static func writeFigures(of limit: QuotaLimit, to line: inout LineWriter) {
        if let subject = limit.subject { line.field("subject", subject.text) }
        switch limit.kind.measure {
        case .cost:
            line.field("limitUsd", Money(attos: limit.limit))
            line.field("usedUsd", Money(attos: limit.used))
            line.field("reservedUsd", Money(attos: limit.reserved))
        case .tokens:
            line.field("limitTokens", Int64(clamping: limit.limit))
            line.field("usedTokens", Int64(clamping: limit.used))
            line.field("reservedTokens", Int64(clamping: limit.reserved))
        case .requests:
            line.field("limitRequests", Int64(clamping: limit.limit))
            line.field("usedRequests", Int64(clamping: limit.used))
            line.field("reservedRequests", Int64(clamping: limit.reserved))
        }
        if let retryAt = limit.retryAt { line.field("retryAt", retryAt) }
        line.field("leases", limit.shortage?.rawValue)
    }

    /// Writes whose limits they are, or nothing for a user, who stands before.
    static func writeSubject(_ subject: QuotaSubject, to line: inout LineWriter) {
        if subject.user == nil { line.field("subject", subject.text) }
    }

    /// Writes an amount of `measure` as money or as a count.
    static func amount(
        _ measure: LimitMeasure, _ amount: Int128, _ keys: (money: StaticString, count: StaticString),
        to line: inout LineWriter
    ) {
        if measure == .cost {
            line.field(keys.money, Money(attos: amount))
        } else {
            line.field(keys.count, Int64(clamping: amount))
        }
    }
}
