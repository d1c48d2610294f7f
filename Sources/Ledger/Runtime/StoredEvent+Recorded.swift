import LedgerCore
import LedgerStore

extension StoredEvent {
    /// The row of `recorded`, whose journal line is `line`.
    init(_ recorded: RecordedEvent, chain: [UInt8], line: ArraySlice<UInt8>) {
        self.init(
            position: recorded.position, recordedAt: recorded.timestamp, id: recorded.id,
            type: recorded.event.type.rawValue, chain: chain, line: line)
        user = recorded.event.user?.text
        details = EventDetails.json(of: recorded.event)
        switch recorded.event {
        case .callReserved(let event):
            describe(event.call)
            priceBook = event.priceBook
        case .callSettled(let event):
            describe(event.call)
            describe(event.cost)
            result = event.result.rawValue
            inputTokens = event.usage.inputTokens
            outputTokens = event.usage.outputTokens
            durationMilliseconds = event.durationMilliseconds
            providerRequestID = event.providerRequestID.map { Self.withoutZeros($0) }
            priceBook = event.priceBook
        case .callRejected(let event): describe(event.call)
        case .callExpired(let event):
            describe(event.call)
            describe(event.cost)
            result = CallResult.error.rawValue
        case .dispatchStarted(let event): describe(event.dispatch)
        case .dispatchCompleted(let event): describe(event)
        case .dispatchRejected(let event): describe(event.dispatch)
        case .containerChanged(let event): durationMilliseconds = event.durationMilliseconds
        case .usageReported(let event): describe(event)
        case .pricesPublished(let event): priceBook = event.priceBook
        case .costAdjusted(let event): describe(event)
        case .usageReconciled(let event): provider = event.provider
        case .quotaSet, .quotaRemoved, .groupJoined, .groupLeft, .thresholdCrossed, .leaseSet,
            .alertReceived:
            break
        }
    }

    /// `text` for a column: PostgreSQL's text has no zero byte, and journals of older versions do.
    private static func withoutZeros(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
    }

    private mutating func describe(_ dispatch: DispatchIdentity) {
        dispatchID = dispatch.dispatchID.text
        sessionID = dispatch.sessionID
        source = dispatch.source
    }

    private mutating func describe(_ event: DispatchCompleted) {
        describe(event.dispatch)
        describe(event.cost)
        provider = event.provider
        model = event.model
        result = event.result.rawValue
        inputTokens = event.usage.inputTokens
        outputTokens = event.usage.outputTokens
        durationMilliseconds = event.durationMilliseconds
        providerRequestID = event.providerRequestID.map { Self.withoutZeros($0) }
        billing = event.billing.rawValue
        priceBook = event.priceBook
    }

    private mutating func describe(_ event: UsageReported) {
        describe(event.cost)
        source = event.source
        provider = event.provider
        model = event.model
        inputTokens = event.usage.inputTokens
        outputTokens = event.usage.outputTokens
        priceBook = event.priceBook
    }

    /// The cost is the difference, so that a sum over an event and its corrections is what is known now.
    private mutating func describe(_ event: CostAdjusted) {
        callID = event.target.callID?.text
        dispatchID = event.target.dispatchID
        source = event.target.source
        provider = event.target.provider
        model = event.target.model
        costState = event.new.cost.state.rawValue
        cost = event.difference
        priceBook = event.new.priceBook
    }

    private mutating func describe(_ call: CallIdentity) {
        callID = call.callID.text
        dispatchID = call.dispatchID
        sessionID = call.sessionID
        source = call.source
        provider = call.provider
        model = call.model
    }

    private mutating func describe(_ cost: Cost) {
        costState = cost.state.rawValue
        self.cost = cost.state == .unpriced ? nil : cost.amount
    }
}
