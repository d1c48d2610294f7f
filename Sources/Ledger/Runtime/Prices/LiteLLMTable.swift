internal import JSON
internal import LedgerCore

/// LiteLLM's `model_prices_and_context_window.json`: an object by model name, prices in USD for one token.
enum LiteLLMTable {
    private static let providers = [
        "anthropic": "anthropic", "openai": "openai", "text-completion-openai": "openai", "gemini": "gemini",
    ]
    private static let modes: Set<String> = ["chat", "completion", "responses", "embedding"]
    private static let buckets: [String: UsageBucket] = [
        "input_cost_per_token": .input, "output_cost_per_token": .output,
        "cache_read_input_token_cost": .cacheRead, "cache_creation_input_token_cost": .cacheWrite5m,
        "cache_creation_input_token_cost_above_1hr": .cacheWrite1h,
        "input_cost_per_audio_token": .inputAudio, "output_cost_per_audio_token": .outputAudio,
        "input_cost_per_image_token": .inputImage, "output_cost_per_image_token": .outputImage,
    ]
    private static let modifiers: [(String, PriceModifier)] = [
        ("_priority", .priority), ("_flex", .flex), ("_batches", .batch),
    ]

    static func read(_ root: JSONValue) -> PublishedPrices {
        var prices = PublishedPrices(format: .litellm)
        for (key, value) in root.object {
            guard let provider = value["litellm_provider"]?.string.flatMap({ providers[$0] }),
                modes.contains(value["mode"]?.string ?? ""),
                let model = try? JSONDocument.parse(value.source).root
            else { continue }
            let name = key.hasPrefix(provider + "/") ? String(key.dropFirst(provider.count + 1)) : key
            // A name with a path is the same model on other terms.
            guard !name.contains("/"), !name.contains(":") else { continue }
            do throws(TableFault) {
                var notes: [String] = []
                let read = try read(model, provider: provider, name: name, notes: &notes)
                prices.skipped.append(contentsOf: notes.map { "\(provider) \(name): \($0)" })
                if read.sheets.allSatisfy(\.isUsable) { prices.models.append(read) }
            } catch { prices.skipped.append("\(provider) \(name): \(error.reason)") }
        }
        return prices
    }

    private static func read(
        _ model: JSONValue, provider: String, name: String, notes: inout [String]
    ) throws(TableFault) -> PublishedModel {
        var sheet = PriceSheet()
        let writes = !(model["mode"]?.isString("embedding") ?? false)
        for (key, value) in model.object {
            guard let entry = entry(key), value.kind == .number, writes || entry.bucket != .output else {
                continue
            }
            sheet.rates[entry] = try rate(value, key)
        }
        if let reasoning = model["output_cost_per_reasoning_token"], reasoning.kind == .number {
            let key = "output_cost_per_reasoning_token"
            guard try rate(reasoning, key) == sheet.rates[PriceSheet.Entry(.output)] else {
                throw TableFault("reasoning has a price of its own")
            }
        }
        if model["tiered_pricing"] != nil { throw TableFault("its tiers are in tiered_pricing") }
        try addSearches(model["search_context_cost_per_query"], to: &sheet, notes: &notes)
        try addFactors(model["provider_specific_entry"], to: &sheet)
        dropShortTiers(&sheet, notes: &notes)
        var read = PublishedModel(provider: provider, name: name)
        read.outputTokensMax = model["max_output_tokens"]?.int64
        read.inputTokensMax = model["max_input_tokens"]?.int64
        read.page = model["source"]?.string
        read.sheets = [sheet]
        return read
    }

    /// What a field is the price of; its suffixes come in any order.
    static func entry(_ field: String) -> PriceSheet.Entry? {
        var rest = field[...]
        var modifier: PriceModifier?
        var above: Int64 = 0
        while buckets[String(rest)] == nil {
            if let (suffix, found) = modifiers.first(where: { rest.hasSuffix($0.0) }), modifier == nil {
                modifier = found
                rest = rest.dropLast(suffix.count)
            } else if above == 0, let (start, tokens) = threshold(rest) {
                above = tokens
                rest = start
            } else {
                return nil
            }
        }
        return buckets[String(rest)].map { PriceSheet.Entry($0, above: above, modifier: modifier) }
    }

    /// Takes `_above_272k_tokens` from the end of a field.
    private static func threshold(_ field: Substring) -> (Substring, Int64)? {
        guard field.hasSuffix("k_tokens"), let mark = field.dropLast(8).lastIndex(of: "_") else { return nil }
        let number = field[field.index(after: mark)...].dropLast(8)
        guard field[..<mark].hasSuffix("_above"), let thousands = Int64(number), thousands > 0,
            thousands < 1_000_000
        else { return nil }
        return (field[..<mark].dropLast("_above".count), thousands * 1_000)
    }

    private static func addSearches(
        _ costs: JSONValue?, to sheet: inout PriceSheet, notes: inout [String]
    ) throws(TableFault) {
        var rates: Set<Rate> = []
        if let costs {
            for (key, value) in costs.object where value.kind == .number {
                rates.insert(try rate(value, key))
            }
        }
        if rates.count > 1 { notes.append("the price of a search depends on its size; left as it is") }
        if rates.count == 1 { sheet.rates[PriceSheet.Entry(.webSearch)] = rates.first }
    }

    /// A region's factor stays one; a speed's makes rates, as it stands for prices.
    private static func addFactors(_ entry: JSONValue?, to sheet: inout PriceSheet) throws(TableFault) {
        for (key, modifier) in [("us", PriceModifier.geoUs), ("fast", .fast)] {
            guard let number = entry?[key]?.rawNumber else { continue }
            do throws(MoneyError) {
                let factor = try Multiplier(ScientificNumber.plain(number) ?? number)
                if modifier == .geoUs {
                    sheet.factors[.geoUs] = factor
                } else {
                    for (entry, rate) in sheet.rates where entry.modifier == nil && entry.bucket != .webSearch
                    {
                        let fast = PriceSheet.Entry(entry.bucket, above: entry.above, modifier: .fast)
                        sheet.rates[fast] = try rate.times(factor)
                    }
                }
            } catch { throw TableFault("\(key) is \(number), which cannot be kept exactly") }
        }
    }

    /// Leaves out modifiers that list no price above a threshold that the model has: what they cost there is
    /// not said.
    private static func dropShortTiers(_ sheet: inout PriceSheet, notes: inout [String]) {
        let thresholds = Set(sheet.rates.keys.filter { $0.modifier == nil && $0.above > 0 }.map(\.above))
        for modifier in PriceModifier.allCases {
            let own = Set(sheet.rates.keys.filter { $0.modifier == modifier }.map(\.above))
            guard !own.isEmpty, !thresholds.isSubset(of: own) else { continue }
            sheet.rates = sheet.rates.filter { $0.key.modifier != modifier }
            notes.append("no price of \(modifier.rawValue) for long prompts; its prices are left as they are")
        }
    }

    private static func rate(_ value: JSONValue, _ key: String) throws(TableFault) -> Rate {
        try TableFault.rate(value, key) { plain throws(MoneyError) in
            Rate(attosPerUnit: try DecimalText.parse(plain.utf8, decimals: 18))
        }
    }
}
