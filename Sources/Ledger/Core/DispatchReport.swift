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

extension DispatchReport {
    /// Whether no figure is negative or beyond what is believed.
    var isPlausible: Bool {
        durationMilliseconds >= 0 && cost.amount >= .zero && cost.held >= .zero
            && (reportedCost ?? .zero) >= .zero
            && (shares ?? []).allSatisfy { $0.usage.isPlausible && $0.cost >= .zero }
    }
}

extension DispatchCompleted {
    /// Makes the end of `dispatch`, with so many linked calls, which come to `memo`: the one place that says
    /// what is a memo and what is money.
    package init(
        _ report: DispatchReport, of dispatch: DispatchIdentity, calls: Int64 = 0,
        comingTo memo: DispatchMemo = DispatchMemo()
    ) {
        let isProxied = report.isProxied ?? (calls > 0)
        self.init(
            dispatch: dispatch, billing: isProxied ? .proxied : .direct, result: report.result,
            reason: report.reason, calls: calls, usageSource: .none, cost: report.cost,
            reportedCost: report.reportedCost, priceBook: report.priceBook,
            providerRequestID: report.providerRequestID,
            durationMilliseconds: report.durationMilliseconds, prompt: report.prompt,
            toolsUsed: report.toolsUsed, toolInputs: report.toolInputs)
        if isProxied, calls > 0 {
            describe(memo)
        } else if let shares = report.shares {
            describe(DispatchMemo(shares), costing: report.cost)
            usageSource = shares.isEmpty ? .none : isProxied ? .estimated : .reportedByAgent
        }
        // Its calls are in a ledger that is not at hand; a run that used nothing has none.
        if isProxied, calls == 0, cost.state == .priced, report.shares?.isEmpty == false {
            cost = .estimated(cost.amount)
        }
    }

    /// Takes usage, cost and models from the linked calls.
    mutating func describe(_ memo: DispatchMemo) {
        describe(memo, costing: memo.cost)
        usageSource = memo.isEstimated ? .estimated : .providerFinal
    }

    /// Takes usage and models from `memo`, which cost `cost` in all.
    private mutating func describe(_ memo: DispatchMemo, costing cost: Cost) {
        usage = memo.usage
        self.cost = cost
        provider = memo.largest?.provider ?? ""
        model = memo.largest?.model ?? ""
        // Shares stand only where they come to the whole.
        let isWhole = cost.state != .unpriced && cost.amount == memo.amount
        models = isWhole && memo.shares.count > 1 ? memo.shares : []
    }
}
