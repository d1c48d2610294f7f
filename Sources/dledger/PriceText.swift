import JSON
import LedgerCore

/// Prices as text for a person, and as JSON.
enum PriceText {
    /// All prices of one model, found by the name `asked`.
    static func whole(_ model: ModelPrice, asked: String) -> String {
        var text = "\(model.provider) \(model.name)\n"
        if asked != model.name { text += "  asked for as      \(asked)\n" }
        if !model.aliases.isEmpty { text += "  other names       \(model.aliases.joined(separator: ", "))\n" }
        text += "  output at most    \(model.outputTokensMax) tokens\n"
        if let most = model.inputTokensMax { text += "  input at most     \(most) tokens\n" }
        text += "  source            \(model.origin.source)\n"
        text += "  checked           \(model.origin.checked)\n"
        for (index, period) in model.periods.enumerated() {
            let end = index + 1 < model.periods.count ? " to \(model.periods[index + 1].from.day.text)" : ""
            text += "\nfrom \(period.from.day.text)\(end), USD for a million tokens:\n\n" + table(period)
        }
        return text
    }

    /// A row for each kind of usage; columns of the price and each modifier, with their tiers.
    private static func table(_ period: PricePeriod) -> String {
        var columns: [(heading: String, above: Int64, modifiers: Set<PriceModifier>)] = []
        let modifiers = PriceModifier.allCases.filter { period.adjustments[$0] != nil }
        for modifier in [nil] + modifiers.map(Optional.some) {
            for above in [0] + period.thresholds {
                let name = modifier?.rawValue ?? "standard"
                let heading = above == 0 ? name : "\(name) >\(above / 1_000)k"
                columns.append((heading, above, Set(modifier.map { [$0] } ?? [])))
            }
        }
        var table = TextTable([""] + columns.map(\.heading), figures: Set(1...columns.count))
        // Images without a price of their own are charged as text.
        let hasImages = period.base.rates[.inputImage] != nil
        for bucket in UsageBucket.allCases
        where bucket != .webSearch && (bucket != .inputImage || hasImages) {
            let cells = columns.map { column in
                let rate = try? period.rate(
                    of: bucket, inputTokens: column.above + 1, modifiers: column.modifiers)
                return rate?.perMillionText ?? "–"
            }
            if cells.contains(where: { $0 != "–" }) { table.add([bucket.rawValue] + cells) }
        }
        let search = period.base.rates[.webSearch].map {
            "a thousand web searches: \($0.perThousandText)\n"
        }
        return table.text + (search ?? "")
    }

    /// Names that contain `name`, or the other way about, for a hint.
    static func near(_ name: String, in book: PriceBook) -> String {
        let near = book.models.map(\.name).filter { $0.contains(name) || name.contains($0) }
        guard !near.isEmpty else { return "; `dledger prices show` lists all" }
        return "; it knows \(near.prefix(5).joined(separator: ", "))"
    }

    /// One change: `priority output above 272000   20 → 21`.
    static func line(_ change: PriceChange) -> String {
        func text(_ rate: Rate?) -> String {
            guard let rate else { return "none" }
            return change.entry.bucket == .webSearch
                ? "\(rate.perThousandText) a thousand" : rate.perMillionText
        }
        let name = change.entry.text
        let gap = String(repeating: " ", count: max(34 - name.count, 1))
        return "    \(name)\(gap)\(text(change.old)) → \(text(change.new))\n"
    }

    /// The rows of a book as they stand in its file.
    static func json(_ models: [ModelPrice]) -> [UInt8] {
        JSONText.object { json in
            json.key("models")
            json.array { json in
                for model in models {
                    json.object { json in
                        json.member("provider", model.provider)
                        json.member("model", model.name)
                        json.key("aliases")
                        json.array { json in for alias in model.aliases { json.string(alias) } }
                        json.member("outputTokensMax", model.outputTokensMax)
                        if let most = model.inputTokensMax { json.member("inputTokensMax", most) }
                        json.member("source", model.origin.source)
                        json.member("checked", model.origin.checked)
                        json.key("prices")
                        json.array { json in for period in model.periods { add(period, to: &json) } }
                    }
                }
            }
        } + [UInt8(ascii: "\n")]
    }

    /// A period as every rate that it makes, each with what it is for.
    private static func add(_ period: PricePeriod, to json: inout JSONText) {
        json.object { json in
            json.member("from", period.from.text)
            json.key("rates")
            json.array { json in
                for change in PriceChange.between(nil, period) { add(change, to: &json) }
            }
        }
    }

    /// A rate, or two: `old` where there was one.
    static func add(_ change: PriceChange, to json: inout JSONText) {
        let isSearch = change.entry.bucket == .webSearch
        json.object { json in
            json.member("bucket", change.entry.bucket.rawValue)
            if change.entry.above > 0 { json.member("above", change.entry.above) }
            if let modifier = change.entry.modifier { json.member("modifier", modifier.rawValue) }
            for (key, rate) in [("old", change.old), (change.old == nil ? "usd" : "new", change.new)] {
                guard let rate else { continue }
                json.member(key, isSearch ? rate.perThousandText : rate.perMillionText)
            }
            json.member("per", isSearch ? 1_000 : 1_000_000)
        }
    }
}
