/// The events of the Gateway.
extension EventEncoder {
    static func write(_ event: DispatchStarted, to line: inout LineWriter) {
        begin(event.dispatch, to: &line)
        line.field("requestModel", event.dispatch.requestModel)
        line.field("queuedMs", event.queuedMilliseconds)
        line.field("prompt", event.prompt)
    }

    static func write(_ event: DispatchCompleted, to line: inout LineWriter) {
        begin(event.dispatch, to: &line)
        line.field("billing", event.billing.rawValue)
        line.field("requestModel", event.dispatch.requestModel)
        line.field("provider", event.provider)
        line.field("model", event.model)
        line.field("result", event.result.rawValue)
        line.field("reason", event.reason)
        line.field("calls", event.calls)
        line.field("tokensIn", event.usage.inputTokens)
        line.field("tokensOut", event.usage.outputTokens)
        write(event.cost, to: &line)
        if let reported = event.reportedCost { line.field("reportedUsd", reported) }
        line.field("durationMs", event.durationMilliseconds)
        write(event.usage, to: &line)
        line.field("usageSource", event.usageSource.rawValue)
        line.field("priceBook", event.priceBook)
        write(event.models, at: "models", to: &line)
        line.field("providerRequestId", event.providerRequestID)
        line.field("prompt", event.prompt)
        line.field("toolsUsed", event.toolsUsed)
        if !event.toolInputs.isEmpty { line.field("toolInputs", event.toolInputs) }
    }

    static func write(_ event: DispatchRejected, to line: inout LineWriter) {
        begin(event.dispatch, to: &line)
        line.field("requestModel", event.dispatch.requestModel)
        writeRefusal(event, to: &line)
    }

    /// Writes why, and the figures of that moment.
    static func writeRefusal(_ event: DispatchRejected, to line: inout LineWriter) {
        line.field("reason", event.reason.rawValue)
        if let limit = event.limit {
            line.object("limit") { fields in
                fields.field("kind", limit.kind.rawValue)
                writeFigures(of: limit, to: &fields)
            }
        }
        line.field("queuedMs", event.queuedMilliseconds)
    }

    static func write(_ event: AlertReceived, to line: inout LineWriter) {
        line.field("fingerprint", event.fingerprint)
        line.field("status", event.status.rawValue)
        line.field("alertname", event.name)
        line.field("severity", event.severity)
        line.field("summary", event.summary)
        line.field("startsAt", event.startsAt)
        if let endsAt = event.endsAt { line.field("endsAt", endsAt) }
        line.field("from", event.from)
    }

    /// Writes shares by model, or nothing for none.
    static func write(_ shares: [DispatchShare], at key: StaticString, to line: inout LineWriter) {
        guard !shares.isEmpty else { return }
        line.objects(key, shares) { fields, share in
            fields.field("provider", share.provider)
            fields.field("model", share.model)
            write(share.usage, to: &fields)
            fields.field("costUsd", share.cost)
        }
    }

    /// Writes what names a run, but for its user, who stands before, and the model asked for, which comes
    /// later.
    static func begin(_ dispatch: DispatchIdentity, to line: inout LineWriter) {
        line.field("dispatchId", dispatch.dispatchID)
        line.field("source", dispatch.source)
        line.field("sessionId", dispatch.sessionID)
        line.field("kernel", dispatch.kernel)
    }
}
