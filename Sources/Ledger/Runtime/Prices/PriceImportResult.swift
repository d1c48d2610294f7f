package import LedgerCore

/// What an import came to.
package struct PriceImportResult: Sendable {
    /// Every model of the new book, in its order.
    package var models: [ModelPrice] = []
    /// Models that the book did not have.
    package var added: [ModelPrice] = []
    /// Models that left it.
    package var removed: [ModelPrice] = []
    /// Models with other prices than before.
    package var changed: [Changed] = []
    /// How many models were compared and have the prices that they had.
    package var unchanged = 0
    /// Models of the book that the publication does not list; they stay.
    package var unlisted: [String] = []
    /// Prices that two publications give differently; the book's stay.
    package var disagreements: [Disagreement] = []
    /// What only one of two publications lists; the book's stays.
    package var unconfirmed: [String] = []
    /// What of the publications was left out, and why.
    package var skipped: [String]

    /// A model whose prices are others.
    package struct Changed: Sendable {
        /// The model.
        package let model: ModelPrice
        /// The moment from which, and what.
        package let periods: [(from: Timestamp, changes: [PriceChange])]
    }

    /// A price that two publications give differently.
    package struct Disagreement: Hashable, Sendable {
        /// Provider and name.
        package let model: String
        /// What the price is for.
        package let entry: PriceSheet.Entry
        /// What the first says.
        package let first: Rate
        /// What the second says.
        package let second: Rate
    }

    /// Takes a model into the new book, and notes what is other in it.
    mutating func take(_ new: ModelPrice, over old: ModelPrice?) {
        models.append(new)
        guard let old else { return added.append(new) }
        let moments = Set(old.periods.map(\.from) + new.periods.map(\.from)).sorted(by: <)
        var differences: [(from: Timestamp, changes: [PriceChange])] = []
        for moment in moments {
            let changes = PriceChange.between(old.period(at: moment), new.period(at: moment))
            if !changes.isEmpty { differences.append((moment, changes)) }
        }
        if differences.isEmpty {
            unchanged += 1
        } else {
            changed.append(Changed(model: new, periods: differences))
        }
    }
}
