/// What one event adds to the rollups: the one place that says so, for memory and for SQL.
package struct UsageDelta: Hashable, Sendable {
    /// The dimensions that it falls under.
    package let key: RollupKey
    /// What it adds.
    package let sums: UsageSums

    /// The contribution of `recorded`; nil for events that count nothing.
    package init?(of recorded: RecordedEvent) {
        var sums = UsageSums()
        let call: CallIdentity
        switch recorded.event {
        case .callSettled(let event):
            call = event.call
            sums.calls = 1
            sums.errors = event.result == .ok ? 0 : 1
            sums.inputTokens = event.usage.inputTokens
            sums.outputTokens = event.usage.outputTokens
            sums.cacheReadTokens = event.usage.cacheRead
            sums.cacheWriteTokens = event.usage.cacheWrite5m &+ event.usage.cacheWrite1h
            sums.add(event.cost)
            sums.durationMilliseconds = event.durationMilliseconds
        case .callExpired(let event):
            call = event.call
            sums.calls = 1
            sums.errors = 1
            sums.add(event.cost)
        case .callRejected(let event):
            call = event.call
            sums.rejected = 1
        case .callReserved, .quotaSet, .quotaRemoved, .pricesPublished: return nil
        }
        key = RollupKey(
            hour: recorded.timestamp.hour, user: call.user, kind: .call, source: call.source,
            provider: call.provider, model: call.model)
        self.sums = sums
    }
}

extension UsageSums {
    fileprivate mutating func add(_ cost: Cost) {
        self.cost = cost.amount
        estimated = cost.state == .estimated ? cost.amount : .zero
        unpricedCalls = cost.state == .unpriced ? 1 : 0
        held = cost.held
    }
}

/// The dimensions of the hourly rollup, as SQL keeps them.
package struct RollupKey: Hashable, Sendable {
    /// The start of the UTC hour in which the event was recorded.
    package let hour: Timestamp
    /// Who pays.
    package let user: UserID
    /// What was used.
    package let kind: UsageKind
    /// The part of the platform that it came through.
    package let source: String
    /// The provider.
    package let provider: String
    /// The model that answered.
    package let model: String

    /// Creates a key.
    package init(
        hour: Timestamp, user: UserID, kind: UsageKind, source: String, provider: String, model: String
    ) {
        self.hour = hour
        self.user = user
        self.kind = kind
        self.source = source
        self.provider = provider
        self.model = model
    }
}

/// What a rollup counts.
package enum UsageKind: String, CaseIterable, Sendable {
    /// Model calls.
    case call
}
