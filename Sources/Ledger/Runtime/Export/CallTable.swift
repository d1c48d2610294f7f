package import LedgerCore

/// What was spent, event by event, as a table: calls, and runs and reports that are money of their own.
package enum CallTable {
    /// The names of the columns, in order.
    package static let columns: [String] =
        [
            "position", "timestamp", "type", "id", "user", "source", "provider", "model", "requestModel",
            "api",
            "callId", "dispatchId", "sessionId", "reportId", "result", "status", "usageSource", "tokensIn",
            "tokensOut",
        ] + UsageBucket.allCases.map(\.rawValue) + [
            "reasoning", "cpuMs", "memoryMibS", "costUsd", "costState", "heldUsd", "priceBook", "serviceTier",
            "providerRequestId", "durationMs", "attempt", "retryOf", "recordedAt",
        ]

    /// The cells of an event, in the order of ``columns``; nil for events that spend nothing.
    package static func cells(_ recorded: RecordedEvent) -> [CSVText.Cell]? {
        switch recorded.event {
        case .callSettled(let event): cells(recorded, event)
        case .callExpired(let event): cells(recorded, event)
        case .dispatchCompleted(let event) where event.billing == .direct: cells(recorded, event)
        case .usageReported(let event): cells(recorded, event)
        case .costAdjusted(let event): cells(recorded, event)
        default: nil
        }
    }

    private static func cells(_ recorded: RecordedEvent, _ event: CallSettled) -> [CSVText.Cell] {
        let call = event.call
        return row(
            recorded, user: call.user, source: call.source, provider: call.provider, model: call.model,
            names: [
                event.requestModel, call.api, call.callID.text, call.dispatchID, call.sessionID, nil,
                event.result.rawValue,
            ], status: event.status, usage: (event.usage, event.usageSource.rawValue), compute: nil,
            cost: event.cost,
            rest: [event.priceBook, event.serviceTier, event.providerRequestID],
            duration: event.durationMilliseconds, retry: call.retry)
    }

    private static func cells(_ recorded: RecordedEvent, _ event: CallExpired) -> [CSVText.Cell] {
        let call = event.call
        return row(
            recorded, user: call.user, source: call.source, provider: call.provider, model: call.model,
            names: [nil, call.api, call.callID.text, call.dispatchID, call.sessionID, nil, "error"],
            status: nil, usage: (Usage(), UsageSource.none.rawValue), compute: nil, cost: event.cost,
            rest: [nil, nil, nil], duration: nil, retry: call.retry)
    }

    private static func cells(_ recorded: RecordedEvent, _ event: DispatchCompleted) -> [CSVText.Cell] {
        let run = event.dispatch
        return row(
            recorded, user: run.user, source: run.source, provider: event.provider, model: event.model,
            names: [
                run.requestModel, nil, nil, run.dispatchID.text, run.sessionID, nil, event.result.rawValue,
            ], status: nil, usage: (event.usage, event.usageSource.rawValue), compute: nil, cost: event.cost,
            rest: [event.priceBook, nil, event.providerRequestID], duration: event.durationMilliseconds)
    }

    private static func cells(_ recorded: RecordedEvent, _ event: UsageReported) -> [CSVText.Cell] {
        row(
            recorded, user: event.user, source: event.source, provider: event.provider, model: event.model,
            names: [nil, nil, nil, nil, nil, event.reportID, nil], status: nil, usage: (event.usage, nil),
            compute: (event.cpuMilliseconds, event.memoryMebibyteSeconds), cost: event.cost,
            rest: [event.priceBook, nil, nil], duration: nil)
    }

    /// A correction: its cost is the difference, which may be negative.
    private static func cells(_ recorded: RecordedEvent, _ event: CostAdjusted) -> [CSVText.Cell] {
        let target = event.target
        return row(
            recorded, user: target.user, source: target.source, provider: target.provider,
            model: target.model,
            names: [nil, nil, target.callID?.text, target.dispatchID, nil, nil, nil], status: nil,
            usage: (Usage(), nil), compute: nil,
            cost: event.new.cost.state == .estimated
                ? .estimated(event.difference) : .priced(event.difference),
            rest: [event.new.priceBook, nil, nil], duration: nil)
    }

    private static func row(
        _ recorded: RecordedEvent, user: UserID, source: String, provider: String, model: String,
        names: [String?], status: Int64?, usage: (Usage, String?), compute: (Int64, Int64)?, cost: Cost,
        rest: [String?], duration: Int64?, retry: CallRetry? = nil
    ) -> [CSVText.Cell] {
        var cells: [CSVText.Cell] = [
            .count(recorded.position.value), .plain(recorded.timestamp.text),
            .plain(recorded.event.type.rawValue), .plain(recorded.id.text), .text(user.text), .text(source),
            .text(provider.isEmpty ? nil : provider), .text(model.isEmpty ? nil : model),
        ]
        cells += names.map { .text($0) }
        cells += [count(status), .text(usage.1), .count(usage.0.inputTokens), .count(usage.0.outputTokens)]
        cells += UsageBucket.allCases.map { .count(usage.0[$0]) }
        cells += [.count(usage.0.reasoning), count(compute?.0), count(compute?.1)]
        // What is not known is empty, never 0.
        cells.append(cost.state == .unpriced ? .text(nil) : .plain(cost.amount.decimalText))
        cells += [.plain(cost.state.rawValue), .plain(cost.held.decimalText)]
        cells += rest.map { .text($0) }
        cells += [count(duration), count(retry?.attempt), .text(retry?.first?.text)]
        cells.append(recorded.countsAt == recorded.timestamp ? .text(nil) : .plain(recorded.countsAt.text))
        return cells
    }

    private static func count(_ value: Int64?) -> CSVText.Cell { value.map { .count($0) } ?? .text(nil) }
}
