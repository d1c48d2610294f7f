package import LedgerCore

/// What becomes of a call to a model that the price book does not know; it is never free.
package enum UnknownModelPolicy: Hashable, Sendable {
    /// It is refused, and nothing is sent.
    case deny
    /// It holds this much until it is priced; nil: what the price book says.
    case reserve(Money?)

    /// Reads `deny` or `reserve:USD`; nil for anything else, and for a reserve of nothing.
    package init?(_ text: String) {
        if text == "deny" {
            self = .deny
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "reserve", let amount = try? Money(decimal: String(parts[1])),
            amount > .zero, amount <= .amountMax
        else { return nil }
        self = .reserve(amount)
    }
}
