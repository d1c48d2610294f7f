internal import JSON
internal import LedgerCore

/// The table of the `genai-prices` project, `data.json` of its second layout.
///
/// A list of providers, each with models; a model has one set of prices or several with the days from which
/// they hold, and may have variants of them by tier (`price_variants`).
enum GenAIPricesTable {
    private static let providers = ["anthropic": "anthropic", "openai": "openai", "google": "gemini"]
    private static let buckets: [String: UsageBucket] = [
        "input_mtok": .input, "cache_read_mtok": .cacheRead, "cache_write_mtok": .cacheWrite5m,
        "cache_write_5m_mtok": .cacheWrite5m, "cache_write_1h_mtok": .cacheWrite1h,
        "input_audio_mtok": .inputAudio, "input_image_mtok": .inputImage, "output_mtok": .output,
        "output_audio_mtok": .outputAudio, "output_image_mtok": .outputImage,
        "web_searches_kcount": .webSearch,
    ]

    static func read(_ root: JSONValue) -> PublishedPrices {
        var prices = PublishedPrices(format: .genaiPrices)
        var unknown: [String: Int] = [:]
        for provider in root.array {
            guard let name = provider["id"]?.string.flatMap({ providers[$0] }) else { continue }
            let page = provider["pricing_urls"]?.array.first { _ in true }?.string
            for listed in provider["models"].map({ Array($0.array) }) ?? [] {
                // A document of its own: a number's text is then near.
                guard let model = try? JSONDocument.parse(listed.source).root,
                    let id = model["id"]?.string
                else { continue }
                do throws(TableFault) {
                    if var read = try read(model, provider: name, unknown: &unknown) {
                        read.page = page
                        prices.models.append(read)
                    }
                } catch { prices.skipped.append("\(name) \(id): \(error.reason)") }
            }
        }
        for (key, count) in unknown.sorted(by: { $0.key < $1.key }) {
            prices.skipped.append(
                "\(key), in \(count) price\(count == 1 ? "" : "s"): not billed by the ledger")
        }
        return prices
    }

    private static func read(
        _ model: JSONValue, provider: String, unknown: inout [String: Int]
    ) throws(TableFault) -> PublishedModel? {
        guard let id = model["id"]?.string, let names = names(model["match"], id: id) else { return nil }
        // Another maker's model on this provider's other platform has other names and another API.
        guard provider != "gemini" || id.hasPrefix("gemini") else { return nil }
        var read = PublishedModel(provider: provider, name: id, aliases: names.filter { $0 != id })
        read.inputTokensMax = model["context_window"]?.int64
        guard let prices = model["prices"] else { return nil }
        if prices.kind == .array {
            for dated in prices.array {
                guard let inner = dated["prices"] else { continue }
                var sheet = PriceSheet(from: try start(dated["constraint"]))
                try add(inner, modifier: nil, to: &sheet, unknown: &unknown)
                read.sheets.append(sheet)
            }
        } else {
            var sheet = PriceSheet()
            try add(prices, modifier: nil, to: &sheet, unknown: &unknown)
            read.sheets.append(sheet)
        }
        guard read.sheets.contains(where: \.isUsable) else { return nil }
        read.sheets.sort { ($0.from?.microseconds ?? .min) < ($1.from?.microseconds ?? .min) }
        var variants: [Variant] = []
        for variant in model["price_variants"].map({ Array($0.array) }) ?? [] {
            guard let modifier = try modifier(variant["when"], provider: provider) else { continue }
            var sheet = PriceSheet(from: try start(variant["constraint"]))
            if let inner = variant["prices"] {
                try add(inner, modifier: modifier, to: &sheet, unknown: &unknown)
            }
            variants.append(Variant(modifier: modifier, sheet: sheet))
        }
        read.sheets = merge(variants, into: read.sheets)
        return read
    }

    private struct Variant {
        let modifier: PriceModifier
        let sheet: PriceSheet
        var from: Timestamp { sheet.from ?? Timestamp(microseconds: .min) }
    }

    /// Puts each variant into the sheets that it belongs to.
    ///
    /// The day of a variant is often that on which somebody looked: its first prices hold for the whole of
    /// the model's prices of that day, and no longer before.
    private static func merge(_ variants: [Variant], into sheets: [PriceSheet]) -> [PriceSheet] {
        var merged: [PriceSheet] = []
        for (index, sheet) in sheets.enumerated() {
            let start = sheet.from ?? Timestamp(microseconds: .min)
            let end = index + 1 < sheets.count ? sheets[index + 1].from : nil
            let inside = variants.filter { variant in
                variant.from > start && end.map { variant.from < $0 } ?? true
            }
            let later = inside.filter { variant in
                variants.contains { $0.modifier == variant.modifier && $0.from < variant.from }
            }
            for moment in [start] + Set(later.map(\.from)).sorted(by: <) {
                var part = sheet
                part.from = moment == start ? sheet.from : moment
                for modifier in PriceModifier.allCases {
                    let own = variants.filter { $0.modifier == modifier }.sorted { $0.from < $1.from }
                    let chosen =
                        own.last { $0.from <= moment }
                        ?? own.first { variant in end.map { variant.from < $0 } ?? true }
                    part.rates.merge(chosen?.sheet.rates ?? [:]) { $1 }
                }
                merged.append(part)
            }
        }
        return merged
    }

    private static func add(
        _ prices: JSONValue, modifier: PriceModifier?, to sheet: inout PriceSheet,
        unknown: inout [String: Int]
    ) throws(TableFault) {
        for (key, value) in prices.object {
            guard let bucket = buckets[key], modifier == nil || bucket != .webSearch else {
                unknown[key, default: 0] += 1
                continue
            }
            let base = value.kind == .object ? value["base"] : value
            sheet.rates[PriceSheet.Entry(bucket, modifier: modifier)] = try rate(base, key, bucket)
            for tier in value["tiers"].map({ Array($0.array) }) ?? [] {
                guard let above = tier["start"]?.int64, above > 0 else {
                    throw TableFault("a tier of \(key) has no start")
                }
                sheet.rates[PriceSheet.Entry(bucket, above: above, modifier: modifier)] = try rate(
                    tier["price"], key, bucket)
            }
        }
    }

    private static func rate(
        _ value: JSONValue?, _ key: String, _ bucket: UsageBucket
    ) throws(TableFault) -> Rate {
        try TableFault.rate(value, key) { plain throws(MoneyError) in
            if bucket == .webSearch { return try Rate(dollarsPerThousand: plain) }
            return try Rate(dollarsPerMillion: plain)
        }
    }

    private static func start(_ constraint: JSONValue?) throws(TableFault) -> Timestamp? {
        guard let constraint, !constraint.isNull else { return nil }
        guard let day = constraint["start_date"]?.string.flatMap({ Day($0.utf8) }) else {
            throw TableFault("its prices depend on the time of day")
        }
        return day.start
    }

    private static func modifier(
        _ when: JSONValue?, provider: String
    ) throws(TableFault) -> PriceModifier? {
        var conditions: [String] = []
        if let when { for (key, value) in when.object { conditions.append("\(key) \(value.string ?? "")") } }
        guard conditions.count == 1, let condition = conditions.first else {
            throw TableFault("a variant of its prices has several conditions")
        }
        switch condition {
        case "processing batch": return .batch
        case "service_tier flex": return .flex
        case "service_tier priority": return .priority
        case "speed fast": return .fast
        // The standard, and another name for `priority`, which the answers use.
        case "service_tier default", "service_tier fast", "service_tier standard": return nil
        default: throw TableFault("prices for \(condition) are not known here")
        }
    }

    /// The exact names in a model's match; nil when there is none.
    private static func names(_ match: JSONValue?, id: String) -> [String]? {
        guard let match, !id.hasSuffix("-"), !id.contains(":") else { return nil }
        let clauses = (match["or"].map { Array($0.array) } ?? [match])
            .flatMap { clause in clause["and"].map { Array($0.array) } ?? [clause] }
        let names = clauses.compactMap { ($0["equals"] ?? $0["starts_with"])?.string }
            // Beginnings of names, as of dates.
            .filter { name in !["-", "@", "-2024", "-2025", "-2026"].contains { name.hasSuffix($0) } }
            .filter { !$0.contains(":") }
        return names.isEmpty ? nil : names
    }
}
