internal import LedgerCore

extension PriceImport {
    /// What both publications say of `listed`; nil when that is not enough for a price.
    ///
    /// Without a second publication, all of it.
    func agreed(_ listed: PublishedModel, _ result: inout PriceImportResult) -> PublishedModel? {
        guard let second else { return listed }
        let name = "\(listed.provider) \(listed.name)"
        let other = ([listed.name] + listed.aliases)
            .compactMap { second.model($0, provider: listed.provider) }.first
        guard let other, let mine = listed.sheet(at: from), let theirs = other.sheet(at: from) else {
            result.unconfirmed.append("\(name): only in \(published.format.rawValue)")
            return nil
        }
        var agreed = mine
        agreed.from = nil
        agreed.rates = mine.rates.filter { theirs.rates[$0.key] == $0.value }
        agreed.factors = mine.factors.filter { theirs.factors[$0.key] == $0.value }
        for entry in mine.rates.keys.sorted(by: { $0.text < $1.text }) {
            guard let rate = mine.rates[entry] else { continue }
            guard let otherRate = theirs.rates[entry] else {
                result.unconfirmed.append("\(name) \(entry.text): only in \(published.format.rawValue)")
                continue
            }
            if rate != otherRate {
                result.disagreements.append(
                    PriceImportResult.Disagreement(
                        model: name, entry: entry, first: rate, second: otherRate))
            }
        }
        for entry in theirs.rates.keys.sorted(by: { $0.text < $1.text }) where mine.rates[entry] == nil {
            result.unconfirmed.append("\(name) \(entry.text): only in \(second.format.rawValue)")
        }
        let essential = [PriceSheet.Entry(.input), PriceSheet.Entry(.output)]
        guard essential.allSatisfy({ mine.rates[$0] == theirs.rates[$0] }) else { return nil }
        dropHalfTiers(&agreed, mine)
        var listed = listed
        listed.sheets = [agreed]
        listed.outputTokensMax = listed.outputTokensMax ?? other.outputTokensMax
        listed.inputTokensMax = listed.inputTokensMax ?? other.inputTokensMax
        return listed
    }

    /// Where not all of what one says of a tier or modifier is confirmed, nothing of it is taken: a tier of
    /// which half is known prices the other half wrong.
    private func dropHalfTiers(_ agreed: inout PriceSheet, _ mine: PriceSheet) {
        let whole = agreed.rates
        agreed.rates = whole.filter { entry, _ in
            guard entry.modifier != nil || entry.above > 0 else { return true }
            let part = mine.rates.keys.filter { $0.modifier == entry.modifier && $0.above == entry.above }
            return part.allSatisfy { whole[$0] != nil }
        }
    }
}
