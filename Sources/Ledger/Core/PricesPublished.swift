/// Another price book came into force.
package struct PricesPublished: Hashable, Sendable {
    /// The book's content hash.
    package let priceBook: String
    /// How many models it prices.
    package let models: Int64
    /// Where it was read from.
    package let source: String

    /// Creates the event.
    package init(priceBook: String, models: Int64, source: String) {
        self.priceBook = priceBook
        self.models = models
        self.source = source
    }
}
