/// An agent run that has begun and not ended, with what its calls come to so far.
package struct OpenDispatch: Hashable, Sendable {
    /// The run.
    package let dispatch: DispatchIdentity
    /// When it began.
    package let startedAt: Timestamp
    /// What was asked, as it is recorded.
    package let prompt: String?
    /// Linked calls that have ended.
    package internal(set) var calls: Int64 = 0
    /// Linked calls that are open.
    package internal(set) var openCalls: Int64 = 0
    /// What those hold.
    package internal(set) var reserved = Money.zero
    /// What the ended calls used and cost.
    package internal(set) var memo = DispatchMemo()

    init(_ event: DispatchStarted, at time: Timestamp) {
        self.init(dispatch: event.dispatch, startedAt: time, prompt: event.prompt)
    }

    init(dispatch: DispatchIdentity, startedAt: Timestamp, prompt: String?) {
        self.dispatch = dispatch
        self.startedAt = startedAt
        self.prompt = prompt
    }

    /// All linked calls.
    package var linkedCalls: Int64 { calls &+ openCalls }

    mutating func hold(_ amount: Money) {
        openCalls &+= 1
        reserved = reserved.addingClamped(amount)
    }

    mutating func end(_ call: CallIdentity, _ usage: Usage, _ cost: Cost, holding amount: Money) {
        openCalls &-= 1
        reserved = reserved.addingClamped(amount.negated)
        calls &+= 1
        memo.add(provider: call.provider, model: call.model, usage, cost)
    }
}

/// What calls come to together, and by model.
package struct DispatchMemo: Hashable, Sendable {
    /// By model, in the order of their first calls; at most ``sharesMax``.
    package internal(set) var shares: [DispatchShare] = []
    /// Σ usage.
    package internal(set) var usage = Usage()
    /// Σ cost, as far as it is known.
    package internal(set) var amount = Money.zero
    /// Σ held.
    package internal(set) var held = Money.zero
    /// Whether any was estimated.
    package internal(set) var isEstimated = false
    /// Whether any had no price.
    package internal(set) var isUnpriced = false

    /// Models beyond this are added to the last.
    package static let sharesMax = 16

    /// Creates the memo of nothing.
    package init() {}

    /// Creates the memo of `shares`, all of them priced.
    package init(_ shares: [DispatchShare]) {
        for share in shares {
            add(provider: share.provider, model: share.model, share.usage, .priced(share.cost))
        }
    }

    /// How well Σ is known, and what it is.
    package var cost: Cost {
        if isUnpriced { return .unpriced(holding: held) }
        return isEstimated ? .estimated(amount) : .priced(amount)
    }

    /// The share with the largest cost; the first of them where they are equal.
    package var largest: DispatchShare? {
        shares.reduce(nil) { best, share in
            guard let best, best.cost >= share.cost else { return share }
            return best
        }
    }

    mutating func add(provider: String, model: String, _ usage: Usage, _ cost: Cost) {
        self.usage.add(usage)
        amount = amount.addingClamped(cost.amount)
        held = held.addingClamped(cost.held)
        isEstimated = isEstimated || cost.state == .estimated
        isUnpriced = isUnpriced || cost.state == .unpriced
        if let index = place(of: provider, model) {
            shares[index].usage.add(usage)
            shares[index].cost = shares[index].cost.addingClamped(cost.amount)
        } else {
            shares.append(DispatchShare(provider: provider, model: model, usage: usage, cost: cost.amount))
        }
    }

    /// Where a model's share stands; nil: a new one is to be added.
    private func place(of provider: String, _ model: String) -> Int? {
        // Names are compared by their bytes, as SQL and the other folds do.
        let index = shares.firstIndex {
            $0.provider.utf8.elementsEqual(provider.utf8) && $0.model.utf8.elementsEqual(model.utf8)
        }
        return index ?? (shares.count < Self.sharesMax ? nil : shares.count - 1)
    }
}
