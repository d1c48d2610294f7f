/// The prices of one model over time.
package struct ModelPrice: Sendable {
    /// The provider's name (`anthropic`, `openai`).
    package let provider: String
    /// The model's name, as the provider writes it.
    package let name: String
    /// Other names of the same model.
    package let aliases: [String]
    /// The most output tokens that one answer can hold.
    package let outputTokensMax: Int64
    /// The most input tokens that one request can hold; nil: not known.
    package let inputTokensMax: Int64?
    /// Where the prices come from, and the day on which they were compared with it, YYYY-MM-DD.
    package let origin: Origin
    /// The prices, oldest first.
    package let periods: [PricePeriod]

    /// Where prices come from.
    package struct Origin: Hashable, Sendable {
        /// The publication.
        package let source: String
        /// The day, YYYY-MM-DD.
        package let checked: String

        /// Creates an origin.
        package init(source: String = "", checked: String = "") {
            self.source = source
            self.checked = checked
        }
    }

    /// Creates a model's prices and proves that every rate stays exact under every multiplier.
    ///
    /// - Throws: ``PriceBookError/ambiguousDates``, ``PriceBookError/inexact``,
    ///   ``PriceBookError/noOutputLimit``, ``PriceBookError/noInputLimit``.
    package init(
        provider: String, name: String, aliases: [String], outputTokensMax: Int64,
        inputTokensMax: Int64? = nil, origin: Origin = Origin(), periods: [PricePeriod]
    ) throws(PriceBookError) {
        let sorted = periods.sorted { $0.from < $1.from }
        guard !sorted.isEmpty, zip(sorted, sorted.dropFirst()).allSatisfy({ $0.from < $1.from })
        else { throw .ambiguousDates(provider: provider, name: name) }
        for period in sorted {
            if let bucket = period.inexactBucket {
                throw .inexact(provider: provider, name: name, bucket: bucket)
            }
        }
        guard outputTokensMax > 0 || !sorted.contains(where: \.pricesOutput) else {
            throw .noOutputLimit(provider: provider, name: name)
        }
        guard inputTokensMax != 0 else { throw .noInputLimit(provider: provider, name: name) }
        self.provider = provider
        self.name = name
        self.aliases = aliases
        self.outputTokensMax = outputTokensMax
        self.inputTokensMax = inputTokensMax
        self.origin = origin
        self.periods = sorted
    }

    /// The prices in force at `time`; nil before the first.
    package func period(at time: Timestamp) -> PricePeriod? { periods.last { $0.from <= time } }
}
