/// Limits, groups and what is used.
extension SnapshotReader {
    static func quota(_ line: inout LineScanner) throws(CodecError) -> (UserID, Quota, Position?) {
        let user = try EventDecoder.user(&line)
        let quota = try EventDecoder.quota(&line)
        return (user, quota, try line.optionalInteger("pattern").map { Position($0) })
    }

    static func sharedQuota(_ line: inout LineScanner) throws(CodecError) -> (QuotaSubject, Quota) {
        (try subject(&line), try EventDecoder.quota(&line))
    }

    static func groups(_ line: inout LineScanner) throws(CodecError) -> (UserID, [GroupName]) {
        (try EventDecoder.user(&line), try groupNames(&line))
    }

    static func groupNames(_ line: inout LineScanner) throws(CodecError) -> [GroupName] {
        let offset = line.offset
        let texts = try line.strings("groups")
        let groups = texts.compactMap { GroupName($0) }
        guard groups.count == texts.count else { throw .badValue("groups", offset: offset) }
        return groups
    }

    static func meters(_ line: inout LineScanner) throws(CodecError) -> (QuotaSubject, SubjectMeters) {
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
        meter.crossed = try line.integer("crossed")
        return meter
    }

    private static func subject(_ line: inout LineScanner) throws(CodecError) -> QuotaSubject {
        let offset = line.offset
        let text = try line.string("subject")
        guard let subject = QuotaSubject(text), subject.text == text
        else { throw .badValue("subject", offset: offset) }
        return subject
    }
}
