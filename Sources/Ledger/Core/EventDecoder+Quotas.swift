/// The events of limits.
extension EventDecoder {
    static func quotaSet(_ line: inout LineScanner) throws(CodecError) -> QuotaSet {
        let subject = try subject(&line)
        let quota = try quota(&line)
        let actor = try line.string("by")
        let reason = try line.optionalString("reason")
        let pattern = try line.optionalInteger("pattern")
        return QuotaSet(
            subject: subject, quota: quota, actor: actor, reason: reason,
            pattern: pattern.map { Position($0) }, source: try source(&line))
    }

    static func quotaRemoved(_ line: inout LineScanner) throws(CodecError) -> QuotaRemoved {
        QuotaRemoved(
            subject: try subject(&line), actor: try line.string("by"),
            reason: try line.optionalString("reason"), source: try source(&line))
    }

    static func groupJoined(_ line: inout LineScanner) throws(CodecError) -> GroupJoined {
        GroupJoined(
            user: try user(&line), group: try group(&line), actor: try line.string("by"),
            reason: try line.optionalString("reason"), source: try source(&line))
    }

    static func groupLeft(_ line: inout LineScanner) throws(CodecError) -> GroupLeft {
        GroupLeft(
            user: try user(&line), group: try group(&line), actor: try line.string("by"),
            reason: try line.optionalString("reason"), source: try source(&line))
    }

    static func thresholdCrossed(_ line: inout LineScanner) throws(CodecError) -> ThresholdCrossed {
        let subject = try subject(&line)
        let threshold = try line.integer("threshold")
        let measure: LimitMeasure = try choice("measure", &line)
        let window: LimitWindow = try choice("window", &line)
        let limit = Limit(measure, window, amount: try amount(measure, ("limitUsd", "limit"), &line))
        return ThresholdCrossed(
            subject: subject, limit: limit, threshold: threshold,
            used: try amount(measure, ("usedUsd", "used"), &line),
            windowStart: try line.timestamp("windowStart"), windowEnd: try line.timestamp("windowEnd"))
    }

    static func leaseSet(_ line: inout LineScanner) throws(CodecError) -> LeaseSet {
        let subject = try subject(&line)
        let measure: LimitMeasure = try choice("measure", &line)
        let window: LimitWindow = try choice("window", &line)
        let limit = try amount(measure, ("limitUsd", "limit"), &line)
        let leased = try amount(measure, ("leasedUsd", "leased"), &line)
        return LeaseSet(
            key: LeaseKey(
                subject: subject, measure: measure, window: window,
                windowEnd: try line.timestamp("windowEnd")),
            limit: limit, leased: leased, cause: try choice("cause", &line))
    }

    /// Reads where and when a change was made; nil: where and when it is recorded.
    private static func source(_ line: inout LineScanner) throws(CodecError) -> ChangeSource? {
        guard let madeAt = try line.optionalTimestamp("madeAt") else { return nil }
        var copied: CopiedEvent?
        try line.optionalObject("copiedFrom") { (fields: inout LineScanner) throws(CodecError) in
            copied = CopiedEvent(
                origin: try fields.string("origin"), position: Position(try fields.integer("position")))
        }
        return ChangeSource(madeAt: madeAt, copiedFrom: copied)
    }

    /// Reads limits, without whose they are and who set them.
    static func quota(_ line: inout LineScanner) throws(CodecError) -> Quota {
        var quota = Quota(
            dailyLimit: try line.optionalMoney("dailyLimitUsd"),
            monthlyLimit: try line.optionalMoney("monthlyLimitUsd"),
            dailyTokens: try line.optionalInteger("dailyTokens"), isEnabled: try !line.flag("disabled"))
        quota.limits = try line.objects("limits") { (fields: inout LineScanner) throws(CodecError) in
            try limit(&fields)
        }
        quota.calendar = try calendar(&line)
        let offset = line.offset
        if let thresholds = try line.optionalIntegers("thresholds") {
            guard !thresholds.isEmpty else { throw .badValue("thresholds", offset: offset) }
            quota.thresholds = thresholds
        }
        quota.names = try line.optionalStrings("names")
        return quota
    }

    static func limit(_ line: inout LineScanner) throws(CodecError) -> Limit {
        let measure: LimitMeasure = try choice("measure", &line)
        let window: LimitWindow = try choice("window", &line)
        return Limit(
            measure, window, amount: try amount(measure, ("limitUsd", "limit"), &line),
            thresholds: try line.optionalIntegers("thresholds"))
    }

    static func calendar(_ line: inout LineScanner) throws(CodecError) -> QuotaCalendar {
        let offset = line.offset
        var zone = ZoneRule.utc
        if let name = try line.optionalString("timezone") {
            let rule = try line.string("zoneRule")
            let transitions = try line.objects("zoneTransitions") {
                (fields: inout LineScanner) throws(CodecError) in
                ZoneTransition(at: try fields.integer("at"), offset: try fields.integer("offset"))
            }
            guard let read = ZoneRule(name: name, rule: rule, transitions: transitions), read != .utc
            else { throw .badValue("timezone", offset: offset) }
            zone = read
        }
        let start = line.offset
        let weekStart = try line.optionalInteger("weekStart")
        guard weekStart.map({ (2...7).contains($0) }) ?? true
        else { throw .badValue("weekStart", offset: start) }
        return QuotaCalendar(zone: zone, weekStart: weekStart ?? 1)
    }

    /// Reads a limit's figures.
    static func figures(
        of kind: QuotaLimit.Kind, _ fields: inout LineScanner
    ) throws(CodecError) -> QuotaLimit {
        let offset = fields.offset
        let text = try fields.optionalString("subject")
        let subject = text.flatMap { QuotaSubject($0) }
        guard subject?.text == text else { throw .badValue("subject", offset: offset) }
        let figures: [Int128]
        switch kind.measure {
        case .cost:
            figures = [
                try fields.money("limitUsd").attos, try fields.money("usedUsd").attos,
                try fields.money("reservedUsd").attos,
            ]
        case .tokens:
            figures = [
                Int128(try fields.integer("limitTokens")), Int128(try fields.integer("usedTokens")),
                Int128(try fields.integer("reservedTokens")),
            ]
        case .requests:
            figures = [
                Int128(try fields.integer("limitRequests")), Int128(try fields.integer("usedRequests")),
                Int128(try fields.integer("reservedRequests")),
            ]
        }
        let retryAt = try fields.optionalTimestamp("retryAt")
        let place = fields.offset
        let leases = try fields.optionalString("leases")
        let shortage = leases.flatMap { LeaseShortage(rawValue: $0) }
        guard shortage?.rawValue == leases else { throw .badValue("leases", offset: place) }
        return QuotaLimit(
            kind: kind, limit: figures[0], used: figures[1], reserved: figures[2], retryAt: retryAt,
            subject: subject, shortage: shortage)
    }

    /// Reads whose limits they are: the user who stands before, or another subject.
    static func subject(_ line: inout LineScanner) throws(CodecError) -> QuotaSubject {
        let offset = line.offset
        guard let text = try line.optionalString("subject") else { return .user(try user(&line)) }
        guard let subject = QuotaSubject(text), subject.user == nil, subject.text == text
        else { throw .badValue("subject", offset: offset) }
        return subject
    }

    static func group(_ line: inout LineScanner) throws(CodecError) -> GroupName {
        let offset = line.offset
        guard let group = GroupName(try line.string("group")) else {
            throw .badValue("group", offset: offset)
        }
        return group
    }

    /// Reads what ``EventEncoder/amount(_:_:_:to:)`` writes.
    static func amount(
        _ measure: LimitMeasure, _ keys: (money: StaticString, count: StaticString),
        _ line: inout LineScanner
    ) throws(CodecError) -> Int128 {
        measure == .cost ? try line.money(keys.money).attos : Int128(try line.integer(keys.count))
    }
}
