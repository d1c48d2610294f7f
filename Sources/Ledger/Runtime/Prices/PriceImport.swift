package import LedgerCore

/// Brings published prices into a price book.
///
/// What the book has and no publication lists stays: other models, limits, factors, compute. A price that
/// changes does so from one moment on; what held before still prices what was used before.
package struct PriceImport {
    /// The book to begin with.
    package var book: PriceBook
    /// The publication.
    package var published: PublishedPrices
    /// A second one: then only what both say alike is taken.
    package var second: PublishedPrices?
    /// The moment from which a change holds.
    package var from: Timestamp
    /// Whether the publication's own dates, and its prices of the past, replace the book's.
    package var takesHistory = false
    /// Whether models that the publication does not list leave the book.
    package var prunes = false
    /// Whether models that the book does not have come into it.
    package var adds = true
    /// What each row that was compared says of its source.
    package var origin: ModelPrice.Origin

    /// Creates an import.
    package init(
        book: PriceBook, published: PublishedPrices, second: PublishedPrices? = nil, from: Timestamp,
        origin: ModelPrice.Origin
    ) {
        self.book = book
        self.published = published
        self.second = second
        self.from = from
        self.origin = origin
    }

    /// Works out the new book and what is other in it.
    package func run() -> PriceImportResult {
        var result = PriceImportResult(skipped: published.skipped + (second?.skipped ?? []))
        var known: [String: Int] = [:]
        for (index, model) in book.models.enumerated() {
            for name in [model.name] + model.aliases { known["\(model.provider) \(name)"] = index }
        }
        var compared: Set<Int> = []
        var names: Set<String> = []
        for model in book.models {
            for name in [model.name] + model.aliases { names.insert("\(model.provider) \(name)") }
        }
        for model in published.models {
            guard let listed = agreed(model, &result) else { continue }
            let index = ([listed.name] + listed.aliases).compactMap { known["\(listed.provider) \($0)"] }
                .first { !compared.contains($0) }
            let old = index.map { book.models[$0] }
            if old == nil, !adds || isSame(listed) { continue }
            if let index { compared.insert(index) }
            // Names that no other model has, and that are not found without their date anyway.
            let aliases = listed.aliases.filter { alias in
                (old == nil || book.model(alias, provider: listed.provider)?.name != old?.name)
                    && names.insert("\(listed.provider) \(alias)").inserted
            }
            names.insert("\(listed.provider) \(listed.name)")
            merge(listed, aliases: aliases, into: old, &result)
        }
        for (index, model) in book.models.enumerated() where !compared.contains(index) {
            let isComparable = published.models.contains { $0.provider == model.provider }
            if prunes, isComparable { result.removed.append(model) } else { result.models.append(model) }
            if !prunes, isComparable { result.unlisted.append("\(model.provider) \(model.name)") }
        }
        result.models.sort { ($0.provider, $0.name) < ($1.provider, $1.name) }
        return result
    }

    /// Whether a dated name has the price of the model that the book resolves it to.
    private func isSame(_ listed: PublishedModel) -> Bool {
        guard let found = book.model(listed.name, provider: listed.provider),
            let old = found.period(at: from), let sheet = listed.sheet(at: from)
        else { return false }
        return changes(from: old, to: period(sheet, listed, from: from, over: old)).isEmpty
    }

    private func merge(
        _ listed: PublishedModel, aliases: [String], into old: ModelPrice?, _ result: inout PriceImportResult
    ) {
        let periods = periods(of: listed, over: old)
        do throws(PriceBookError) {
            let page = listed.page.map { ", from \($0)" } ?? ""
            let new = try ModelPrice(
                provider: listed.provider, name: old?.name ?? listed.name,
                aliases: (old?.aliases ?? []) + aliases.filter { $0 != old?.name },
                outputTokensMax: old?.outputTokensMax ?? listed.outputTokensMax ?? outputTokensMax(listed),
                inputTokensMax: old?.inputTokensMax ?? listed.inputTokensMax,
                origin: ModelPrice.Origin(source: origin.source + page, checked: origin.checked),
                periods: periods)
            result.take(new, over: old)
        } catch {
            result.skipped.append("\(listed.provider) \(listed.name): \(error.reason)")
            if let old { result.models.append(old) }
        }
    }

    /// The output limit of a model of which none is listed: embeddings write nothing, others at most what
    /// they read.
    private func outputTokensMax(_ listed: PublishedModel) -> Int64 {
        let writes = listed.sheets.contains { $0.rates[PriceSheet.Entry(.output)] != nil }
        return writes ? listed.inputTokensMax ?? 1_000_000 : 0
    }

    // MARK: Periods

    private func periods(of listed: PublishedModel, over old: ModelPrice?) -> [PricePeriod] {
        let starts = listed.sheets.compactMap(\.from)
        guard let old else {
            return listed.sheets.map { period($0, listed, from: $0.from ?? Self.beginning, over: nil) }
        }
        if takesHistory {
            return listed.sheets.map { sheet in
                let start = sheet.from ?? Self.beginning
                return period(sheet, listed, from: start, over: old.period(at: start) ?? old.periods.first)
            }.coalesced()
        }
        var periods = old.periods.filter { $0.from < from }
        var moments: Set<Timestamp> = [from]
        moments.formUnion(starts.filter { $0 > from })
        // A publication without dates knows nothing of what is to come.
        let laterOnes = old.periods.filter { $0.from > from }
        for moment in moments.sorted(by: <) {
            guard let sheet = listed.sheet(at: moment) else { continue }
            periods.append(
                period(sheet, listed, from: moment, over: old.period(at: moment) ?? old.periods.first))
        }
        if starts.isEmpty { periods.append(contentsOf: laterOnes) }
        return periods.coalesced()
    }

    private func period(
        _ sheet: PriceSheet, _ listed: PublishedModel, from: Timestamp, over known: PricePeriod?
    ) -> PricePeriod {
        let writes = sheet.rates[PriceSheet.Entry(.output)] != nil
        // Anthropic prices each kind apart; the others charge what they do not name as text.
        let fills: [UsageBucket: UsageBucket] =
            listed.provider == "anthropic" || !writes
            ? [:]
            : [
                .cacheRead: .input, .inputAudio: .input, .inputImage: .input, .outputAudio: .output,
                .outputImage: .output,
            ]
        let period = sheet.period(from: from, over: known, fills: fills)
        guard let known else { return period }
        // What says the same in other words stays as it is written.
        let kept = period.adjustments.map { modifier, adjustment -> (PriceModifier, PriceAdjustment?) in
            let alike = PricePeriod(
                from: from, base: period.base, tiers: period.tiers,
                adjustments: known.adjustments[modifier].map { [modifier: $0] } ?? [:])
            let own = PricePeriod(
                from: from, base: period.base, tiers: period.tiers, adjustments: [modifier: adjustment])
            return (
                modifier, changes(from: alike, to: own).isEmpty ? known.adjustments[modifier] : adjustment
            )
        }
        return PricePeriod(
            from: from, base: period.base, tiers: period.tiers,
            adjustments: Dictionary(uniqueKeysWithValues: kept).compactMapValues { $0 })
    }

    private func changes(from old: PricePeriod, to new: PricePeriod) -> [PriceChange] {
        PriceChange.between(old, new)
    }

    /// The moment from which prices hold whose beginning nobody names.
    private static let beginning = Day("2020-01-01".utf8)?.start ?? Timestamp(microseconds: 0)
}

extension [PricePeriod] {
    /// Without those that price everything as the one before.
    fileprivate func coalesced() -> [PricePeriod] {
        var result: [PricePeriod] = []
        for period in self where PriceChange.between(result.last, period) != [] || result.isEmpty {
            result.append(period)
        }
        return result
    }
}
