/// Limits, groups and what is used.
extension SnapshotReader {
    mutating func readLimits(_ counts: Counts, into state: inout LedgerState) throws(CodecError) {
        for _ in 0..<counts.quotas {
            let (user, quota, pattern) = try entry(Self.quota)
            try insert(quota, at: user, into: &state.quotas)
            state.patterned[user] = pattern
        }
        for _ in 0..<counts.sharedQuotas {
            let (subject, quota) = try entry(Self.sharedQuota)
            if case .model(let model) = subject { state.keepNames(of: model, quota) }
            try insert(quota, at: subject, into: &state.sharedQuotas)
        }
        try read(counts.groups, into: &state.groups, Self.groups)
        try read(counts.meters, into: &state.meters, Self.meters)
        try read(counts.changes, into: &state.changes, Self.change)
        try read(counts.copied, into: &state.copied, Self.copied)
    }

    private static func quota(_ line: inout LineScanner) throws(CodecError) -> (UserID, Quota, Position?) {
        let user = try EventDecoder.user(&line)
        let quota = try EventDecoder.quota(&line)
        return (user, quota, try line.optionalInteger("pattern").map { Position($0) })
    }

    private static func sharedQuota(_ line: inout LineScanner) throws(CodecError) -> (QuotaSubject, Quota) {
        (try subject(&line), try EventDecoder.quota(&line))
    }

    private static func groups(_ line: inout LineScanner) throws(CodecError) -> (UserID, [GroupName]) {
        (try EventDecoder.user(&line), try groupNames(&line))
    }

    static func groupNames(_ line: inout LineScanner) throws(CodecError) -> [GroupName] {
        let offset = line.offset
        let texts = try line.strings("groups")
        let groups = texts.compactMap { GroupName($0) }
        guard groups.count == texts.count else { throw .badValue("groups", offset: offset) }
        return groups
    }

    private static func meters(_ line: inout LineScanner) throws(CodecError) -> (QuotaSubject, SubjectMeters)
    {
        let subject = try subject(&line)
        let calendar = try EventDecoder.calendar(&line)
        let meters = try line.objects("meters") { (fields: inout LineScanner) throws(CodecError) in
            try meter(&fields)
        }
        return (subject, SubjectMeters(calendar: calendar, meters: meters))
    }

    private static func meter(_ line: inout LineScanner) throws(CodecError) -> Meter {
        let limit = try EventDecoder.limit(&line)
        let offset = line.offset
        guard let thresholds = try line.optionalIntegers("crossings")
        else { throw .missingKey("crossings", offset: offset) }
        var meter = Meter(
            limit, thresholds: thresholds, from: try line.timestamp("start"), to: try line.timestamp("end"))
        meter.since = Position(try line.integer("since"))
        meter.used = try EventDecoder.amount(limit.measure, ("usedUsd", "used"), &line)
        meter.reserved = try EventDecoder.amount(limit.measure, ("reservedUsd", "reserved"), &line)
        meter.leased = try EventDecoder.amount(limit.measure, ("leasedUsd", "leased"), &line)
        meter.crossed = try line.integer("crossed")
        return meter
    }

    private static func change(
        _ line: inout LineScanner
    ) throws(CodecError) -> (LimitsChange.Key, ChangeStamp) {
        let offset = line.offset
        let key: LimitsChange.Key
        if let text = try line.optionalString("subject") {
            guard let subject = QuotaSubject(text), subject.text == text
            else { throw .badValue("subject", offset: offset) }
            key = .limits(subject)
        } else {
            key = .membership(try EventDecoder.user(&line), try EventDecoder.group(&line))
        }
        let madeAt = try line.timestamp("madeAt")
        return (key, ChangeStamp(madeAt: madeAt, origin: try line.optionalString("origin")))
    }

    private static func copied(_ line: inout LineScanner) throws(CodecError) -> (String, Position) {
        (try line.string("origin"), Position(try line.integer("position")))
    }

    private static func subject(_ line: inout LineScanner) throws(CodecError) -> QuotaSubject {
        let offset = line.offset
        let text = try line.string("subject")
        guard let subject = QuotaSubject(text), subject.text == text
        else { throw .badValue("subject", offset: offset) }
        return subject
    }
}
