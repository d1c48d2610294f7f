/// What the gateway knows at the end of an agent run; the ledger makes a ``DispatchCompleted`` of it.
package struct DispatchReport: Hashable, Sendable {
    /// The run.
    package let dispatchID: UniqueID
    /// How it ended.
    package var result: CallResult
    /// Why it did not end ``CallResult/ok``.
    package var reason: String?
    /// Whether its calls are known to be in the ledger; nil: they are if any is linked to it.
    package var isProxied: Bool?
    /// What the kernel says that each model used; nil: it does not say.
    package var shares: [DispatchShare]?
    /// What ``shares`` cost in all.
    package var cost: Cost
    /// What the kernel itself says that it cost.
    package var reportedCost: Money?
    /// The price book that ``shares`` were priced with.
    package var priceBook: String
    /// The provider's identifier of the last answer.
    package var providerRequestID: String?
    /// From the kernel's start to its end.
    package var durationMilliseconds: Int64
    /// What was asked, as it is recorded.
    package var prompt: String?
    /// The names of the tools used.
    package var toolsUsed: [String]
    /// What each was given, as it is recorded.
    package var toolInputs: [String]

    /// Creates a report.
    package init(
        dispatchID: UniqueID, result: CallResult, reason: String? = nil, isProxied: Bool? = nil,
        shares: [DispatchShare]? = nil, cost: Cost, reportedCost: Money? = nil, priceBook: String,
        providerRequestID: String? = nil, durationMilliseconds: Int64, prompt: String? = nil,
        toolsUsed: [String] = [], toolInputs: [String] = []
    ) {
        self.dispatchID = dispatchID
        self.result = result
        self.reason = reason
        self.isProxied = isProxied
        self.shares = shares
        self.cost = cost
        self.reportedCost = reportedCost
        self.priceBook = priceBook
        self.providerRequestID = providerRequestID
        self.durationMilliseconds = durationMilliseconds
        self.prompt = prompt
        self.toolsUsed = toolsUsed
        self.toolInputs = toolInputs
    }
}
