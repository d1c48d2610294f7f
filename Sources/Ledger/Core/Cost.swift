/// What a call cost, and how well that is known.
package struct Cost: Hashable, Sendable {
    /// How well the cost is known.
    package let state: CostState
    /// The amount that counts as spent; zero while it is unpriced.
    package let amount: Money
    /// What stays held against the quota because no price is known.
    package let held: Money

    /// A cost from real usage and known prices.
    package static func priced(_ amount: Money) -> Cost { Cost(state: .priced, amount: amount, held: .zero) }

    /// A bound, where the real usage is not known.
    package static func estimated(_ amount: Money) -> Cost {
        Cost(state: .estimated, amount: amount, held: .zero)
    }

    /// No price is known; `held` stays reserved.
    package static func unpriced(holding held: Money) -> Cost {
        Cost(state: .unpriced, amount: .zero, held: held)
    }

    /// What counts against a limit.
    package var charged: Money { amount.addingClamped(held) }
}

/// How well a cost is known.
package enum CostState: String, CaseIterable, Sendable {
    /// From the provider's usage and known prices.
    case priced
    /// A bound, where the real usage is not known, or with fees that are not.
    case estimated
    /// No price is known. Never shown as zero.
    case unpriced
}
