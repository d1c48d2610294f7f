/// What a rare event says beyond the columns that all share: for SQL.
package enum EventDetails {
    /// A JSON object with the line's own keys; nil for events of the busy types, but for calls that are not
    /// plainly ok and priced, or not the first try.
    ///
    /// Never a prompt, nor other text that a person wrote, but for why an administrator changed limits or
    /// costs, or recorded a result.
    package static func json(of event: Event) -> [UInt8]? {
        var fields = LineWriter(appendingTo: [])
        switch event {
        case .dispatchStarted: return nil
        case .callReserved(let event):
            guard let retry = event.call.retry else { return nil }
            EventEncoder.write(retry, to: &fields)
        case .callSettled(let event):
            let isPlain = event.result == .ok && event.cost.state == .priced
            if isPlain && event.call.retry == nil { return nil }
            EventEncoder.write(event.call.retry, to: &fields)
            if !isPlain { writeEnd(event, to: &fields) }
        case .callRejected(let event):
            EventEncoder.write(event.call.retry, to: &fields)
            EventEncoder.writeRefusal(event, to: &fields)
        case .callExpired(let event):
            EventEncoder.write(event.call.retry, to: &fields)
            fields.field("reason", event.reason.rawValue)
            writeHeld(event.cost, to: &fields)
        case .quotaSet(let event): EventEncoder.write(event, to: &fields)
        case .quotaRemoved(let event): EventEncoder.write(event, to: &fields)
        case .groupJoined(let event): EventEncoder.write(event, to: &fields)
        case .groupLeft(let event): EventEncoder.write(event, to: &fields)
        case .thresholdCrossed(let event): EventEncoder.write(event, to: &fields)
        case .leaseSet(let event): EventEncoder.write(event, to: &fields)
        case .pricesPublished(let event): EventEncoder.write(event, to: &fields)
        case .dispatchCompleted(let event):
            fields.field("reason", event.reason)
            fields.field("calls", event.calls)
            fields.field("kernel", event.dispatch.kernel)
            writeHeld(event.cost, to: &fields)
            if let reported = event.reportedCost { fields.field("reportedUsd", reported) }
        case .dispatchRejected(let event): EventEncoder.writeRefusal(event, to: &fields)
        case .alertReceived(let event):
            fields.field("fingerprint", event.fingerprint)
            fields.field("status", event.status.rawValue)
            fields.field("alertname", event.name)
            fields.field("severity", event.severity)
            fields.field("startsAt", event.startsAt)
            if let endsAt = event.endsAt { fields.field("endsAt", endsAt) }
        case .containerChanged(let event): EventEncoder.write(event, to: &fields)
        case .usageReported(let event):
            fields.field("reportId", event.reportID)
            fields.field("kind", event.kind.rawValue)
            fields.field("usedAt", event.usedAt)
        case .costAdjusted(let event):
            fields.field("kind", event.target.kind.rawValue)
            fields.field("original", event.target.position.value)
            fields.field("recordedAt", event.target.recordedAt)
            EventEncoder.writeCharge(of: event.target, to: &fields)
            EventEncoder.writeAmounts(of: event, to: &fields)
            fields.field("reason", event.reason)
            fields.field("by", event.actor)
        case .usageReconciled(let event): EventEncoder.write(event, to: &fields)
        }
        return fields.finish()
    }

    /// How a call ended that is not plainly ok and priced.
    private static func writeEnd(_ event: CallSettled, to fields: inout LineWriter) {
        fields.field("status", event.status)
        fields.field("usageSource", event.usageSource.rawValue)
        if let fees = event.fees { fields.field("feesUsd", fees) }
        writeHeld(event.cost, to: &fields)
    }

    /// What an unpriced event holds of its user's budget.
    private static func writeHeld(_ cost: Cost, to fields: inout LineWriter) {
        if cost.state == .unpriced { fields.field("heldUsd", cost.held) }
    }
}
