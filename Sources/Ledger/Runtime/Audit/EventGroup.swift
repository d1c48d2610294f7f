import LedgerCore

/// What rows of `events` are grouped by when they are compared.
struct EventGroup: Hashable, Sendable {
    let user: String
    let type: String
    let provider: String
    let model: String

    init(user: String, type: String, provider: String, model: String) {
        self.user = user
        self.type = type
        self.provider = provider
        self.model = model
    }

    init(_ recorded: RecordedEvent) {
        let model: (provider: String, name: String)?
        switch recorded.event {
        case .dispatchCompleted(let event): model = (event.provider, event.model)
        case .usageReported(let event): model = (event.provider, event.model)
        default: model = recorded.event.call.map { ($0.provider, $0.model) }
        }
        self.init(
            user: recorded.event.user?.text ?? "", type: recorded.event.type.rawValue,
            provider: model?.provider ?? "", model: model?.name ?? "")
    }
}

/// What is compared of a group.
struct EventSums: Hashable, Sendable {
    var count: Int64 = 0
    var inputTokens: Int64 = 0
    var outputTokens: Int64 = 0
    var cost = Money.zero

    mutating func add(_ recorded: RecordedEvent) {
        count += 1
        switch recorded.event {
        case .callSettled(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .callExpired(let event): cost = cost.addingClamped(event.cost.amount)
        case .dispatchCompleted(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .usageReported(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .callReserved, .callRejected, .quotaSet, .quotaRemoved, .pricesPublished, .dispatchStarted,
            .dispatchRejected, .alertReceived, .containerChanged:
            break
        }
    }
}
