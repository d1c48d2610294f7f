package import LedgerCore

/// The value of a `model` label: a name that the price book knows, so that a client cannot mint series.
package enum ModelLabel {
    /// The book's own name of `model`, or `other`.
    package static func of(_ model: String, provider: String, in prices: PriceBook) -> String {
        prices.model(model, provider: provider)?.name ?? "other"
    }
}
