/// What an event of a rare type says beyond the columns that all share: for SQL.
package enum EventDetails {
    /// A JSON object with the line's own keys; nil for events of the busy types.
    ///
    /// Never a prompt, nor other
    /// text that a person wrote.
    package static func json(of event: Event) -> [UInt8]? {
        var fields = LineWriter(appendingTo: [])
        switch event {
        case .callReserved, .callSettled, .dispatchStarted: return nil
        case .callRejected(let event): EventEncoder.writeRefusal(event, to: &fields)
        case .callExpired(let event): fields.field("reason", event.reason.rawValue)
        case .quotaSet(let event): EventEncoder.write(event, to: &fields)
        case .quotaRemoved(let event): fields.field("by", event.actor)
        case .pricesPublished(let event): EventEncoder.write(event, to: &fields)
        case .dispatchCompleted(let event):
            fields.field("calls", event.calls)
            fields.field("kernel", event.dispatch.kernel)
            if let reported = event.reportedCost { fields.field("reportedUsd", reported) }
        case .dispatchRejected(let event): EventEncoder.writeRefusal(event, to: &fields)
        case .alertReceived(let event):
            fields.field("fingerprint", event.fingerprint)
            fields.field("status", event.status.rawValue)
            fields.field("alertname", event.name)
            fields.field("severity", event.severity)
        case .containerChanged(let event): EventEncoder.write(event, to: &fields)
        case .usageReported(let event):
            fields.field("reportId", event.reportID)
            fields.field("kind", event.kind.rawValue)
            fields.field("usedAt", event.usedAt)
        }
        return fields.finish()
    }
}
