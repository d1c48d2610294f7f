/// A line of the activity log: a recorded event for people and log collectors.
///
/// One JSON object: when, what, whose, in words, then what names it and its figures. Never a prompt, nor
/// other text that a person wrote.
package enum ActivityLine {
    /// Appends the line of `recorded` with its newline; nothing for a reservation, whose call has an end that
    /// says more.
    package static func append(_ recorded: RecordedEvent, to bytes: inout [UInt8]) {
        if case .callReserved = recorded.event { return }
        // One reference while the line is written: else each line copies all lines before it.
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var line = LineWriter(appendingTo: consume taken)
        line.field("timestamp", recorded.timestamp)
        line.field("event", recorded.event.type.rawValue)
        line.field("user", recorded.event.user?.text)
        line.field("message", ActivityMessage.text(of: recorded.event))
        line.field("position", recorded.position.value)
        writeFigures(of: recorded.event, to: &line)
        bytes = line.finish()
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func writeFigures(of event: Event, to line: inout LineWriter) {
        switch event {
        case .callReserved, .pricesPublished: break
        case .callSettled(let event):
            write(event.call, to: &line)
            line.field("result", event.result.rawValue)
            line.field("status", event.status)
            write(event.usage, event.cost, event.durationMilliseconds, to: &line)
        case .callRejected(let event):
            write(event.call, to: &line)
            line.field("reason", event.limit.kind.rawValue)
            line.field("subject", event.limit.subject?.text)
        case .callExpired(let event):
            write(event.call, to: &line)
            line.field("reason", event.reason.rawValue)
            EventEncoder.write(event.cost, to: &line)
        case .quotaSet(let event):
            EventEncoder.writeSubject(event.subject, to: &line)
            EventEncoder.write(event.quota, to: &line)
            line.field("by", event.actor)
        case .quotaRemoved(let event):
            EventEncoder.writeSubject(event.subject, to: &line)
            line.field("by", event.actor)
        case .groupJoined(let event):
            line.field("group", event.group.text)
            line.field("by", event.actor)
        case .groupLeft(let event):
            line.field("group", event.group.text)
            line.field("by", event.actor)
        case .thresholdCrossed(let event): EventEncoder.write(event, to: &line)
        case .leaseSet(let event): EventEncoder.write(event, to: &line)
        case .dispatchStarted(let event): write(event.dispatch, to: &line)
        case .dispatchCompleted(let event):
            write(event.dispatch, to: &line)
            line.field("result", event.result.rawValue)
            line.field("reason", event.reason)
            line.field("billing", event.billing.rawValue)
            line.field("calls", event.calls)
            write(event.usage, event.cost, event.durationMilliseconds, to: &line)
        case .dispatchRejected(let event):
            write(event.dispatch, to: &line)
            line.field("reason", event.reason.rawValue)
        case .alertReceived(let event):
            line.field("alertname", event.name)
            line.field("status", event.status.rawValue)
            line.field("severity", event.severity)
            line.field("fingerprint", event.fingerprint)
        case .containerChanged(let event): EventEncoder.write(event, to: &line)
        case .usageReported(let event):
            line.field("source", event.source)
            line.field("reportId", event.reportID)
            line.field("provider", event.provider)
            line.field("model", event.model)
            write(event.usage, event.cost, nil, to: &line)
        case .costAdjusted(let event): write(event, to: &line)
        case .usageReconciled(let event):
            EventEncoder.writeResult(event, to: &line)
            line.field("by", event.actor)
        }
    }

    private static func write(_ event: CostAdjusted, to line: inout LineWriter) {
        if let callID = event.target.callID { line.field("callId", callID) }
        line.field("dispatchId", event.target.dispatchID)
        line.field("provider", event.target.provider)
        line.field("model", event.target.model)
        line.field("original", event.target.position.value)
        EventEncoder.writeAmounts(of: event, to: &line)
        line.field("by", event.actor)
    }

    private static func write(_ call: CallIdentity, to line: inout LineWriter) {
        line.field("callId", call.callID)
        line.field("dispatchId", call.dispatchID)
        line.field("provider", call.provider)
        line.field("model", call.model)
    }

    private static func write(_ dispatch: DispatchIdentity, to line: inout LineWriter) {
        line.field("dispatchId", dispatch.dispatchID)
        line.field("source", dispatch.source)
        line.field("kernel", dispatch.kernel)
    }

    private static func write(
        _ usage: Usage, _ cost: Cost, _ durationMilliseconds: Int64?, to line: inout LineWriter
    ) {
        line.field("tokensIn", usage.inputTokens)
        line.field("tokensOut", usage.outputTokens)
        EventEncoder.write(cost, to: &line)
        if let durationMilliseconds { line.field("durationMs", durationMilliseconds) }
    }
}
