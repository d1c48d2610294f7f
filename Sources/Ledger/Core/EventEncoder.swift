/// Writes a recorded event as a journal line, up to its chain.
package enum EventEncoder {
    /// Appends the line's bytes before `,"chain"`.
    package static func append(_ recorded: RecordedEvent, to bytes: inout [UInt8]) {
        // The writer must hold the only reference while it works: else each line copies all lines before it.
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var line = LineWriter(appendingTo: consume taken)
        line.field("position", recorded.position.value)
        line.field("type", recorded.event.type.rawValue)
        line.field("timestamp", recorded.timestamp)
        line.field("id", recorded.id)
        line.field("user", recorded.event.user?.text)
        switch recorded.event {
        case .callReserved(let event): write(event, to: &line)
        case .callSettled(let event): write(event, to: &line)
        case .callRejected(let event): write(event, to: &line)
        case .callExpired(let event): write(event, to: &line)
        case .quotaSet(let event): write(event, to: &line)
        case .quotaRemoved(let event): write(event, to: &line)
        case .groupJoined(let event): write(event, to: &line)
        case .groupLeft(let event): write(event, to: &line)
        case .thresholdCrossed(let event): write(event, to: &line)
        case .leaseSet(let event): write(event, to: &line)
        case .pricesPublished(let event): write(event, to: &line)
        case .dispatchStarted(let event): write(event, to: &line)
        case .dispatchCompleted(let event): write(event, to: &line)
        case .dispatchRejected(let event): write(event, to: &line)
        case .alertReceived(let event): write(event, to: &line)
        case .containerChanged(let event): write(event, to: &line)
        case .usageReported(let event): write(event, to: &line)
        case .costAdjusted(let event): write(event, to: &line)
        case .usageReconciled(let event): write(event, to: &line)
        }
        bytes = line.unfinished()
    }

    static func write(_ call: CallIdentity, to line: inout LineWriter) {
        line.field("callId", call.callID)
        line.field("source", call.source)
        line.field("sessionId", call.sessionID)
        line.field("dispatchId", call.dispatchID)
        line.field("provider", call.provider)
        line.field("model", call.model)
        line.field("api", call.api)
        write(call.retry, to: &line)
    }

    static func write(_ retry: CallRetry?, to line: inout LineWriter) {
        guard let retry else { return }
        line.field("attempt", retry.attempt)
        if let first = retry.first { line.field("retryOf", first) }
    }

    private static func write(_ event: CallReserved, to line: inout LineWriter) {
        write(event.call, to: &line)
        line.field("reservedUsd", event.reserved)
        line.field("reservedTokens", event.reservedTokens)
        line.field("priceBook", event.priceBook)
        line.flag("unpriced", !event.isPriced)
    }

    private static func write(_ event: CallSettled, to line: inout LineWriter) {
        write(event.call, to: &line)
        line.field("requestModel", event.requestModel)
        line.field("result", event.result.rawValue)
        line.field("status", event.status)
        line.field("tokensIn", event.usage.inputTokens)
        line.field("tokensOut", event.usage.outputTokens)
        write(event.cost, to: &line)
        line.field("durationMs", event.durationMilliseconds)
        write(event.usage, to: &line)
        line.field("usageSource", event.usageSource.rawValue)
        line.flag("usageInconsistent", event.usageInconsistent)
        if let fees = event.fees { line.field("feesUsd", fees) }
        line.field("priceBook", event.priceBook)
        line.field("serviceTier", event.serviceTier)
        line.field("speed", event.speed)
        line.field("inferenceGeo", event.inferenceGeo)
        write(event.parts, to: &line)
        line.field("providerRequestId", event.providerRequestID)
        line.field("prompt", event.prompt)
        line.field("toolsUsed", event.toolsUsed)
    }

    /// Writes what each model used, or nothing for one model's work.
    private static func write(_ parts: [UsagePart], to line: inout LineWriter) {
        guard !parts.isEmpty else { return }
        line.objects("parts", parts) { fields, part in
            fields.field("model", part.model)
            write(part.usage, to: &fields)
        }
    }

    private static func write(_ event: CallRejected, to line: inout LineWriter) {
        write(event.call, to: &line)
        writeRefusal(event, to: &line)
    }

    /// Writes why, and the figures of that moment.
    static func writeRefusal(_ event: CallRejected, to line: inout LineWriter) {
        line.field("reason", event.limit.kind.rawValue)
        line.object("limit") { writeFigures(of: event.limit, to: &$0) }
        line.field("requestedUsd", event.requested)
        line.field("requestedTokens", event.requestedTokens)
    }

    static func write(_ usage: Usage, to line: inout LineWriter) {
        line.object("usage") { fields in
            for bucket in UsageBucket.allCases where usage[bucket] != 0 {
                fields.field(bucket.key, usage[bucket])
            }
            if usage.reasoning != 0 { fields.field("reasoning", usage.reasoning) }
        }
    }

    private static func write(_ event: CallExpired, to line: inout LineWriter) {
        write(event.call, to: &line)
        write(event.cost, to: &line)
        line.field("reason", event.reason.rawValue)
    }

    static func write(_ cost: Cost, to line: inout LineWriter) {
        switch cost.state {
        case .priced, .estimated:
            line.field("costUsd", cost.amount)
            line.field("costState", cost.state.rawValue)
        case .unpriced:
            line.null("costUsd")
            line.field("costState", cost.state.rawValue)
            line.field("heldUsd", cost.held)
        }
    }

    static func write(_ event: PricesPublished, to line: inout LineWriter) {
        line.field("priceBook", event.priceBook)
        line.field("models", event.models)
        line.field("from", event.source)
    }
}

extension UsageBucket {
    /// The bucket's key in a line.
    var key: StaticString {
        switch self {
        case .input: "input"
        case .cacheRead: "cacheRead"
        case .cacheWrite5m: "cacheWrite5m"
        case .cacheWrite1h: "cacheWrite1h"
        case .inputAudio: "inputAudio"
        case .inputImage: "inputImage"
        case .output: "output"
        case .outputAudio: "outputAudio"
        case .outputImage: "outputImage"
        case .webSearch: "webSearch"
        }
    }
}
