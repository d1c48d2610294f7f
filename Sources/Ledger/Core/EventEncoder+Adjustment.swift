/// The correction of a cost.
extension EventEncoder {
    static func write(_ event: CostAdjusted, to line: inout LineWriter) {
        line.field("kind", event.target.kind.rawValue)
        line.field("original", event.target.position.value)
        if let callID = event.target.callID { line.field("callId", callID) }
        line.field("dispatchId", event.target.dispatchID)
        line.field("source", event.target.source)
        line.field("provider", event.target.provider)
        line.field("model", event.target.model)
        line.field("recordedAt", event.target.recordedAt)
        writeCharge(of: event.target, to: &line)
        writeAmounts(of: event, to: &line)
        line.field("reason", event.reason)
        line.field("by", event.actor)
    }

    /// Writes in which windows, of which limits, it counts.
    static func writeCharge(of target: CostTarget, to line: inout LineWriter) {
        line.field("chargedAt", target.chargedAt)
        guard let limits = target.limits else { return }
        line.field("chargedPosition", limits.position.value)
        if limits.model != target.model { line.field("chargedModel", limits.model) }
        if !limits.groups.isEmpty { line.field("chargedGroups", limits.groups.map(\.text)) }
    }

    /// Writes what it was, what it is and the difference.
    static func writeAmounts(of event: CostAdjusted, to line: inout LineWriter) {
        line.object("old") { write(event.old, to: &$0) }
        line.object("new") { write(event.new, to: &$0) }
        line.field("differenceUsd", event.difference)
    }

    private static func write(_ rated: RatedCost, to line: inout LineWriter) {
        write(rated.cost, to: &line)
        line.field("priceBook", rated.priceBook)
    }
}
