import LedgerCore
import LedgerRuntime

extension DispatchReport {
    /// What the ledger is told of a run whose kernel has ended.
    init(
        of dispatchID: UniqueID, _ end: KernelEnd, _ ending: RunEnding, _ tally: RunTally,
        at desk: Dispatcher, prompt: String?, durationMilliseconds: Int64
    ) {
        let prices = desk.ledger.prices
        let priced = KernelCost(end, prices: prices, at: desk.ledger.configuration.now())
        let isAlwaysProxied = desk.kernel.isAlwaysProxied
        // Each of its calls would be linked, were the Proxy's journal this one.
        let isFree = isAlwaysProxied && end.usage == nil && desk.configuration.isProxied != true
        self.init(
            dispatchID: dispatchID, result: ending.result, reason: ending.reason,
            isProxied: isAlwaysProxied ? true : desk.configuration.isProxied,
            shares: isFree ? [] : priced.shares, cost: isFree ? .priced(.zero) : priced.cost,
            reportedCost: priced.reported, priceBook: prices.hash,
            providerRequestID: end.providerRequestID?.cleanName(bytesMax: 256),
            durationMilliseconds: durationMilliseconds,
            prompt: prompt, toolsUsed: tally.toolsUsed, toolInputs: tally.toolInputs)
    }
}
