/// The correction of a cost.
extension EventDecoder {
    static func adjustment(_ line: inout LineScanner) throws(CodecError) -> CostAdjusted {
        let user = try user(&line)
        let kind: UsageKind = try choice("kind", &line)
        let position = Position(try line.integer("original"))
        let callID = try line.optionalIdentifier("callId")
        let dispatchID = try line.optionalString("dispatchId")
        let target = CostTarget(
            position: position, user: user, kind: kind, callID: callID, dispatchID: dispatchID,
            source: try line.string("source"), provider: try line.string("provider"),
            model: try line.string("model"), recordedAt: try line.timestamp("recordedAt"),
            chargedAt: try line.timestamp("chargedAt"))
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
