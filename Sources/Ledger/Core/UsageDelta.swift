/// What one event adds to the rollups: the one place that says so, for memory and for SQL.
package struct UsageDelta: Hashable, Sendable {
    /// The dimensions that it falls under.
    package let key: RollupKey
    /// What it adds.
    package let sums: UsageSums

    /// Gives each contribution of `recorded` to `body`: none for events that count nothing, several for an
    /// agent run of several models that is money of its own.
    package static func each(of recorded: RecordedEvent, _ body: (UsageDelta) -> Void) {
        var sums = UsageSums()
        let call: CallIdentity
        switch recorded.event {
        case .callSettled(let event):
            call = event.call
            sums.calls = 1
            sums.errors = event.result == .ok ? 0 : 1
            sums.add(event.usage)
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
        case .dispatchCompleted(let event): return each(of: event, in: recorded.timestamp.hour, body)
        case .usageReported(let event): return body(UsageDelta(of: event, in: recorded.timestamp.hour))
        case .costAdjusted(let event): return body(UsageDelta(of: event))
        case .callReserved, .quotaSet, .quotaRemoved, .groupJoined, .groupLeft, .thresholdCrossed, .leaseSet,
            .pricesPublished, .dispatchStarted, .dispatchRejected,
            .alertReceived, .containerChanged, .usageReconciled:
            return
        }
        let key = RollupKey(
            hour: recorded.timestamp.hour, user: call.user, kind: .call, source: call.source,
            provider: call.provider, model: call.model)
        body(UsageDelta(key: key, sums: sums))
    }

    private static func each(
        of event: DispatchCompleted, in hour: Timestamp, _ body: (UsageDelta) -> Void
    ) {
        switch event.billing {
        case .proxied:
            // Its calls have counted what it used and cost.
            let key = RollupKey(of: event, in: hour, provider: event.provider, model: event.model)
            body(UsageDelta(key: key, sums: UsageSums(ending: event)))
        case .direct:
            event.eachModel { provider, model, sums in
                let key = RollupKey(of: event, in: hour, provider: provider, model: model)
                body(UsageDelta(key: key, sums: sums))
            }
        }
    }
}

extension UsageDelta {
    /// What a correction adds to the hour of what it corrects.
    fileprivate init(of event: CostAdjusted) {
        var sums = UsageSums()
        sums.add(event.new.cost)
        sums.subtract(event.old.cost)
        sums.adjustments = 1
        sums.adjusted = event.difference
        let target = event.target
        let key = RollupKey(
            hour: target.recordedAt.hour, user: target.user, kind: target.kind, source: target.source,
            provider: target.provider, model: target.model)
        self.init(key: key, sums: sums)
    }

    /// What a report adds: never a call.
    fileprivate init(of event: UsageReported, in hour: Timestamp) {
        var sums = UsageSums()
        sums.add(event.usage)
        sums.add(event.cost)
        sums.cpuMilliseconds = event.cpuMilliseconds
        sums.memoryMebibyteSeconds = event.memoryMebibyteSeconds
        let key = RollupKey(
            hour: hour, user: event.user, kind: event.kind, source: event.source, provider: event.provider,
            model: event.model)
        self.init(key: key, sums: sums)
    }
}

extension DispatchCompleted {
    /// Gives each model's sums to `body`, memo or money; the run itself counts in the first.
    func eachModel(_ body: (_ provider: String, _ model: String, _ sums: UsageSums) -> Void) {
        var sums = UsageSums(ending: self)
        guard !models.isEmpty else {
            sums.add(usage)
            sums.add(cost)
            return body(provider, model, sums)
        }
        for share in models {
            sums.add(share.usage)
            sums.add(cost.state == .estimated ? .estimated(share.cost) : .priced(share.cost))
            body(share.provider, share.model, sums)
            sums = UsageSums()
        }
    }
}

extension UsageSums {
    /// The end of an agent run, without what it used.
    fileprivate init(ending event: DispatchCompleted) {
        dispatches = 1
        failedDispatches = event.result == .ok ? 0 : 1
        durationMilliseconds = event.durationMilliseconds
    }

    fileprivate mutating func add(_ usage: Usage) {
        inputTokens = usage.inputTokens
        outputTokens = usage.outputTokens
        cacheReadTokens = usage.cacheRead
        cacheWriteTokens = usage.cacheWrite5m &+ usage.cacheWrite1h
    }

    fileprivate mutating func add(_ cost: Cost) {
        self.cost = cost.amount
        estimated = cost.state == .estimated ? cost.amount : .zero
        unpricedCalls = cost.state == .unpriced ? 1 : 0
        held = cost.held
    }

    fileprivate mutating func subtract(_ cost: Cost) {
        var other = UsageSums()
        other.add(cost)
        self.cost = self.cost.addingClamped(other.cost.negated)
        estimated = estimated.addingClamped(other.estimated.negated)
        unpricedCalls &-= other.unpricedCalls
        held = held.addingClamped(other.held.negated)
    }
}

extension RollupKey {
    fileprivate init(of event: DispatchCompleted, in hour: Timestamp, provider: String, model: String) {
        self.init(
            hour: hour, user: event.dispatch.user, kind: .dispatch, source: event.dispatch.source,
            provider: provider, model: model)
    }
}

/// The dimensions of the hourly rollup, as SQL keeps them.
package struct RollupKey: Hashable, Sendable {
    /// The start of the UTC hour in which the event was recorded; of a correction, the hour of the event that
    /// it corrects.
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
    /// Agent runs.
    case dispatch
    /// Processor time and memory of containers.
    case compute
    /// A model's tokens that something outside reports.
    case report
}
