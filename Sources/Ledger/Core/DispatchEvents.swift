/// What names one agent run: the same in each event of its life.
package struct DispatchIdentity: Hashable, Sendable {
    /// The run's identifier; calls name it in `x-dispatch-id`.
    package let dispatchID: UniqueID
    /// For whom it runs.
    package let user: UserID
    /// Where the message came from (`web`, `api`, a channel's name): 1 to 64 visible ASCII characters.
    package let source: String
    /// The conversation.
    package let sessionID: String?
    /// The kind of kernel (`command`, `messages`, `http`).
    package let kernel: String
    /// The model asked for, where one was.
    package let requestModel: String?

    /// Creates an identity.
    package init(
        dispatchID: UniqueID, user: UserID, source: String, sessionID: String? = nil, kernel: String,
        requestModel: String? = nil
    ) {
        self.dispatchID = dispatchID
        self.user = user
        self.source = source
        self.sessionID = sessionID
        self.kernel = kernel
        self.requestModel = requestModel
    }
}

/// An agent run begins: its kernel starts once this is durable.
package struct DispatchStarted: Hashable, Sendable {
    /// The run.
    package let dispatch: DispatchIdentity
    /// How long it waited for a free slot.
    package let queuedMilliseconds: Int64
    /// What was asked, cut short or hashed as configured.
    package let prompt: String?

    /// Creates the event.
    package init(dispatch: DispatchIdentity, queuedMilliseconds: Int64, prompt: String? = nil) {
        self.dispatch = dispatch
        self.queuedMilliseconds = queuedMilliseconds
        self.prompt = prompt
    }
}

/// The end of an agent run.
package struct DispatchCompleted: Hashable, Sendable {
    /// The run.
    package let dispatch: DispatchIdentity
    /// Whether its cost is money of its own.
    package var billing: DispatchBilling
    /// How it ended.
    package var result: CallResult
    /// Why it did not end ``CallResult/ok``: a stable word such as `kernel_exit`, `deadline`, `restart`.
    package var reason: String?
    /// The provider of ``model``; empty when none is known.
    package var provider: String
    /// The model with the largest share of the cost; empty when none is known.
    package var model: String
    /// Calls that went through the proxy in its name.
    package var calls: Int64
    /// What it used.
    package var usage: Usage
    /// Where the usage comes from.
    package var usageSource: UsageSource
    /// Its cost: a memo of its calls when proxied, money when direct.
    package var cost: Cost
    /// What the kernel itself says that it cost: never money, kept to be compared.
    package var reportedCost: Money?
    /// The price book.
    package var priceBook: String
    /// The shares by model, where there are several and all are priced; Σ shares = ``usage`` and ``cost``.
    package var models: [DispatchShare]
    /// The provider's identifier of the last answer, where the kernel tells.
    package var providerRequestID: String?
    /// From the kernel's start to its end.
    package var durationMilliseconds: Int64
    /// What was asked, cut short or hashed as configured.
    package var prompt: String?
    /// The names of the tools that it used, one for each use, in order.
    package var toolsUsed: [String]
    /// What each was given, cut short or hashed as configured; empty when that is off.
    package var toolInputs: [String]

    /// Creates the event.
    package init(
        dispatch: DispatchIdentity, billing: DispatchBilling, result: CallResult, reason: String? = nil,
        provider: String = "", model: String = "", calls: Int64 = 0, usage: Usage = Usage(),
        usageSource: UsageSource, cost: Cost, reportedCost: Money? = nil, priceBook: String,
        models: [DispatchShare] = [], providerRequestID: String? = nil, durationMilliseconds: Int64,
        prompt: String? = nil, toolsUsed: [String] = [], toolInputs: [String] = []
    ) {
        self.dispatch = dispatch
        self.billing = billing
        self.result = result
        self.reason = reason
        self.provider = provider
        self.model = model
        self.calls = calls
        self.usage = usage
        self.usageSource = usageSource
        self.cost = cost
        self.reportedCost = reportedCost
        self.priceBook = priceBook
        self.models = models
        self.providerRequestID = providerRequestID
        self.durationMilliseconds = durationMilliseconds
        self.prompt = prompt
        self.toolsUsed = toolsUsed
        self.toolInputs = toolInputs
    }
}

/// Whether an agent run's cost is money of its own.
package enum DispatchBilling: String, CaseIterable, Sendable {
    /// Its calls are in the ledger: its own cost is a memo and never adds.
    case proxied
    /// Nothing else records it: its cost adds.
    case direct
}

/// One model's share of an agent run.
package struct DispatchShare: Hashable, Sendable {
    /// The provider.
    package let provider: String
    /// The model.
    package let model: String
    /// What it used.
    package var usage: Usage
    /// What that cost.
    package var cost: Money

    /// Creates a share.
    package init(provider: String, model: String, usage: Usage, cost: Money) {
        self.provider = provider
        self.model = model
        self.usage = usage
        self.cost = cost
    }
}

/// An agent run that was refused, or left the queue, before its kernel started.
package struct DispatchRejected: Hashable, Sendable {
    /// The run.
    package let dispatch: DispatchIdentity
    /// Why.
    package let reason: DispatchRefusal
    /// The limit, when a quota refused it.
    package let limit: QuotaLimit?
    /// How long it had waited.
    package let queuedMilliseconds: Int64

    /// Creates the event.
    package init(
        dispatch: DispatchIdentity, reason: DispatchRefusal, limit: QuotaLimit? = nil,
        queuedMilliseconds: Int64 = 0
    ) {
        self.dispatch = dispatch
        self.reason = reason
        self.limit = limit
        self.queuedMilliseconds = queuedMilliseconds
    }
}

/// Why an agent run never started.
package enum DispatchRefusal: String, CaseIterable, Sendable {
    /// As many waited as may wait.
    case queueFull = "queue_full"
    /// The user's limits leave nothing.
    case quota
    /// Whoever asked took it back, or left.
    case aborted
    /// Its time was over before a slot was free.
    case deadline
    /// The gateway stopped.
    case shutdown
}
