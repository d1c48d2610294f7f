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
        case .quotaRemoved(let event): line.field("by", event.actor)
        case .pricesPublished(let event):
            line.field("priceBook", event.priceBook)
            line.field("models", event.models)
            line.field("from", event.source)
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
        line.object("usage") { usage in
            for bucket in UsageBucket.allCases where event.usage[bucket] != 0 {
                usage.field(bucket.key, event.usage[bucket])
            }
            if event.usage.reasoning != 0 { usage.field("reasoning", event.usage.reasoning) }
        }
        line.field("usageSource", event.usageSource.rawValue)
        line.flag("usageInconsistent", event.usageInconsistent)
        line.field("priceBook", event.priceBook)
        line.field("serviceTier", event.serviceTier)
        line.field("providerRequestId", event.providerRequestID)
        line.field("prompt", event.prompt)
        line.field("toolsUsed", event.toolsUsed)
    }

    private static func write(_ event: CallRejected, to line: inout LineWriter) {
        write(event.call, to: &line)
        line.field("reason", event.limit.kind.rawValue)
        line.object("limit") { limit in
            switch event.limit.kind {
            case .dailyCost, .monthlyCost, .disabled:
                limit.field("limitUsd", Money(attos: event.limit.limit))
                limit.field("usedUsd", Money(attos: event.limit.used))
                limit.field("reservedUsd", Money(attos: event.limit.reserved))
            case .dailyTokens:
                limit.field("limitTokens", Int64(clamping: event.limit.limit))
                limit.field("usedTokens", Int64(clamping: event.limit.used))
                limit.field("reservedTokens", Int64(clamping: event.limit.reserved))
            }
            if let retryAt = event.limit.retryAt { limit.field("retryAt", retryAt) }
        }
        line.field("requestedUsd", event.requested)
        line.field("requestedTokens", event.requestedTokens)
    }

    private static func write(_ event: CallExpired, to line: inout LineWriter) {
        write(event.call, to: &line)
        write(event.cost, to: &line)
        line.field("reason", event.reason.rawValue)
    }

    private static func write(_ cost: Cost, to line: inout LineWriter) {
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

    private static func write(_ event: QuotaSet, to line: inout LineWriter) {
        if let limit = event.quota.dailyLimit { line.field("dailyLimitUsd", limit) }
        if let limit = event.quota.monthlyLimit { line.field("monthlyLimitUsd", limit) }
        if let limit = event.quota.dailyTokens { line.field("dailyTokens", limit) }
        line.flag("disabled", !event.quota.isEnabled)
        line.field("by", event.actor)
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
