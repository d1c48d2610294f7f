/// One limit of a quota: so much of a measure in a window.
package struct Limit: Hashable, Sendable {
    /// What is counted.
    package let measure: LimitMeasure
    /// In which windows.
    package let window: LimitWindow
    /// The limit: 10⁻¹⁸ USD for ``LimitMeasure/cost``, else a count.
    package let amount: Int128
    /// Percentages at which a crossing is recorded; nil: the quota's.
    package let thresholds: [Int64]?

    /// Creates a limit.
    package init(_ measure: LimitMeasure, _ window: LimitWindow, amount: Int128, thresholds: [Int64]? = nil) {
        self.measure = measure
        self.window = window
        self.amount = amount
        self.thresholds = thresholds
    }

    /// The most thresholds that one limit has.
    package static let thresholdsMax = 8

    /// What is reached at `percent` of it.
    func reached(at percent: Int64) -> Int128 {
        // Rounded up, and in this order: the amount may be near the end of the range.
        amount / 100 * Int128(percent) + (amount % 100 * Int128(percent) + 99) / 100
    }

    /// Whether the thresholds are few, rising, and from 1 to 100.
    static func isPlausible(_ thresholds: [Int64]) -> Bool {
        thresholds.count <= thresholdsMax && thresholds.allSatisfy { (1...100).contains($0) }
            && zip(thresholds, thresholds.dropFirst()).allSatisfy { $0 < $1 }
    }
}

/// What limits count.
package enum LimitMeasure: String, CaseIterable, Sendable {
    /// Money.
    case cost
    /// Tokens, in and out.
    case tokens
    /// Calls that were admitted.
    case requests
}

/// A sum of each measure.
package struct Metered: Hashable, Sendable {
    /// 10⁻¹⁸ USD.
    package var cost: Int128
    /// Tokens, in and out.
    package var tokens: Int128
    /// Calls.
    package var requests: Int128

    /// Creates sums.
    package init(cost: Money = .zero, tokens: Int64 = 0, requests: Int64 = 0) {
        self.cost = cost.attos
        self.tokens = Int128(tokens)
        self.requests = Int128(requests)
    }

    subscript(measure: LimitMeasure) -> Int128 {
        switch measure {
        case .cost: cost
        case .tokens: tokens
        case .requests: requests
        }
    }
}
