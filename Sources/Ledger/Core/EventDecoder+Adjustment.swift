/// The correction of a cost.
extension EventDecoder {
    static func adjustment(_ line: inout LineScanner) throws(CodecError) -> CostAdjusted {
        let user = try user(&line)
        let kind: UsageKind = try choice("kind", &line)
        let position = Position(try line.integer("original"))
        let callID = try line.optionalIdentifier("callId")
        let dispatchID = try line.optionalString("dispatchId")
        let source = try line.string("source")
        let provider = try line.string("provider")
        let model = try line.string("model")
        let target = CostTarget(
            position: position, user: user, kind: kind, callID: callID, dispatchID: dispatchID,
            source: source, provider: provider, model: model, recordedAt: try line.timestamp("recordedAt"),
            chargedAt: try line.timestamp("chargedAt"), limits: try limits(answeredBy: model, &line))
        let old = try rated("old", &line)
        let new = try rated("new", &line)
        let offset = line.offset
        let difference = try line.money("differenceUsd")
        let event = CostAdjusted(
            target: target, old: old, new: new, reason: try line.string("reason"),
            actor: try line.string("by"))
        guard event.difference == difference else { throw .badValue("differenceUsd", offset: offset) }
        return event
    }

    /// The limits that it was counted in; nil: the line is older than that.
    private static func limits(
        answeredBy model: String, _ line: inout LineScanner
    ) throws(CodecError) -> ChargedLimits? {
        guard let position = try line.optionalInteger("chargedPosition") else { return nil }
        var offset = line.offset
        let asked = try line.optionalString("chargedModel")
        guard asked != model else { throw .badValue("chargedModel", offset: offset) }
        offset = line.offset
        let texts = try line.optionalStrings("chargedGroups")
        let groups = texts.compactMap { GroupName($0) }
        // A group that is named twice would be charged twice.
        let isSorted = zip(texts, texts.dropFirst()).allSatisfy { SnapshotCodec.isBefore($0, $1) }
        guard groups.count == texts.count, isSorted else { throw .badValue("chargedGroups", offset: offset) }
        return ChargedLimits(position: Position(position), model: asked ?? model, groups: groups)
    }

    private static func rated(
        _ key: StaticString, _ line: inout LineScanner
    ) throws(CodecError) -> RatedCost {
        var rated = RatedCost(.priced(.zero), by: "")
        try line.object(key) { (fields: inout LineScanner) throws(CodecError) in
            rated = RatedCost(try cost(&fields), by: try fields.string("priceBook"))
        }
        return rated
    }
}
