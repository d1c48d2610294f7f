import LedgerCore

/// Prices what a kernel says that it used, with our own book.
///
/// An agent's report is not its provider's: it tells neither the tier nor how long a cache lives. What it
/// costs is therefore ``CostState/estimated``, and with a model that has no price ``CostState/unpriced``.
struct KernelCost {
    /// The shares by model; nil: the kernel said nothing.
    let shares: [DispatchShare]?
    /// Their cost.
    let cost: Cost
    /// What the kernel itself says that it cost.
    let reported: Money?

    init(_ end: KernelEnd, prices: PriceBook, at time: Timestamp) {
        reported = end.reportedCost.flatMap { $0 >= .zero ? $0 : nil }
        let said = reported ?? .zero
        // The ledger refuses what cannot be true; the run has an end all the same.
        guard let usage = end.usage, usage.allSatisfy(\.usage.isPlausible) else {
            // A kernel that never ran used nothing; any other may have.
            let neverRan = end.failure?.code == .start
            shares = neverRan ? [] : nil
            cost = neverRan ? .priced(.zero) : .unpriced(holding: said)
            return
        }
        var shares: [DispatchShare] = []
        var total = Money.zero
        var isPriced = true
        for part in usage {
            let model = part.model.cleanName(bytesMax: 256)
            let pricing = Pricing(book: prices, provider: part.provider, time: time)
            let price = try? pricing.cost(of: [UsagePart(model: model, usage: part.usage)], modifiers: [])
            if price == nil { isPriced = false }
            shares.append(
                DispatchShare(
                    provider: part.provider, model: model, usage: part.usage, cost: price ?? .zero))
            total = total.addingClamped(price ?? .zero)
        }
        self.shares = shares
        guard !shares.isEmpty else {
            cost = .priced(.zero)
            return
        }
        cost = isPriced ? .estimated(total) : .unpriced(holding: max(said, total))
    }
}
