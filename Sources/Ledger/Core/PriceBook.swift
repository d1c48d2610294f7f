/// Effective-dated prices of models, identified by the hash of the file that they came from.
///
/// A model is found by its provider and name; a name with a date behind it (`-20250929`, `-2024-08-06`), or
/// with what other platforms put around it, falls back to the name without.
package struct PriceBook: Sendable {
    /// The content hash of the book, 64 hex digits.
    package let hash: String
    /// What a call to a model without a price reserves, and holds against the quota after it.
    package let unpricedReserve: Money
    /// Every model, as the book lists them.
    package let models: [ModelPrice]
    /// Prices of compute, oldest first; none: compute costs nothing and is not billed.
    package let compute: [ComputePrice]
    private let index: [Key: Int]

    private struct Key: Hashable {
        let provider: String
        let name: String
    }

    /// Creates a book.
    ///
    /// - Throws: ``PriceBookError/duplicateName`` when two models of one provider share a name or alias,
    ///   ``PriceBookError/ambiguousCompute`` when two prices of compute begin at one moment.
    package init(
        hash: String, unpricedReserve: Money, models: [ModelPrice], compute: [ComputePrice] = []
    ) throws(PriceBookError) {
        let compute = compute.sorted { $0.from < $1.from }
        guard zip(compute, compute.dropFirst()).allSatisfy({ $0.from < $1.from })
        else { throw .ambiguousCompute }
        var index: [Key: Int] = [:]
        for (offset, model) in models.enumerated() {
            for name in [model.name] + model.aliases {
                guard index.updateValue(offset, forKey: Key(provider: model.provider, name: name)) == nil
                else { throw .duplicateName(provider: model.provider, name: name) }
            }
        }
        self.hash = hash
        self.unpricedReserve = unpricedReserve
        self.models = models
        self.compute = compute
        self.index = index
    }

    /// The model called `name` at `provider`; nil when the book does not know it.
    package func model(_ name: String, provider: String) -> ModelPrice? {
        if let found = index[Key(provider: provider, name: name)] { return models[found] }
        for shorter in ModelName.shorter(name) {
            if let found = index[Key(provider: provider, name: shorter)] { return models[found] }
        }
        return nil
    }

    /// All names of the models that `name` is a name of, but for `name`; at any provider, sorted.
    ///
    /// A name that only stands for one of theirs, with a date or a platform, has none.
    ///
    /// - Complexity: in all models.
    package func otherNames(of name: String) -> [String] {
        let names = models.map { [$0.name] + $0.aliases }.filter { $0.contains(name) }
        return Set(names.joined()).subtracting([name]).sorted { SnapshotCodec.isBefore($0, $1) }
    }

    /// The price of compute in force at `time`; nil: none is, and compute is not billed.
    package func compute(at time: Timestamp) -> ComputePrice? { compute.last { $0.from <= time } }
}

/// Why a price book was refused.
package enum PriceBookError: Error, Hashable {
    /// Two models of one provider answer to one name.
    case duplicateName(provider: String, name: String)
    /// A model has no price, or two from one moment.
    case ambiguousDates(provider: String, name: String)
    /// Two prices of compute begin at one moment.
    case ambiguousCompute
    /// A rate times a multiplier is not a whole number of 10⁻¹⁸ USD.
    case inexact(provider: String, name: String, bucket: UsageBucket)
    /// A model whose output has a price is said to write nothing: nothing would be reserved for it.
    case noOutputLimit(provider: String, name: String)
    /// A model is said to read nothing.
    case noInputLimit(provider: String, name: String)
}
