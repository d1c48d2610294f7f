internal import JSON

/// Reads a provider's report from a file: which one it is, the file itself tells.
///
/// JSON: one page as the API answers, an array of pages, or a page a line. OpenRouter's activity also as CSV
/// with the names of its JSON members as the heading.
package enum ReportPages {
    /// Reads the report.
    ///
    /// - Throws: a ``ProviderReportError`` that names the place.
    package static func parse(_ bytes: [UInt8]) throws(ProviderReportError) -> ProviderReport {
        guard let first = bytes.first(where: { $0 > 0x20 }) else { throw fault("file", "is empty") }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return try ActivityCSV.report(bytes)
        }
        let pages = try pages(bytes)
        var buckets: [[ReportField]] = []
        for (index, page) in pages.enumerated() {
            let place = "page \(index + 1)"
            guard let data = page["data"], data.kind == .array else {
                throw fault(place, "has no data: no page of a report that is known here")
            }
            buckets.append(
                data.array.enumerated().map { ReportField($0.element, "\(place), data[\($0.offset)]") })
        }
        var kind: ProviderReport.Kind?
        for bucket in buckets.joined() where kind == nil { kind = try Self.kind(bucket) }
        guard let kind else { throw fault("file", "has no results: it does not say of what it is") }
        var report = ProviderReport(kind)
        report.hasMore = pages.last?["has_more"]?.bool ?? false
        var seen: [Page: Int] = [:]
        for (index, buckets) in buckets.enumerated() {
            let before = report.lines.count
            for bucket in buckets { try read(bucket, into: &report) }
            let page = Page(pages[index], buckets, report.lines[before...])
            guard !page.lines.isEmpty else { continue }
            if let first = seen.updateValue(index, forKey: page) {
                throw fault("page \(index + 1)", "is page \(first + 1) again: give each page once")
            }
        }
        guard report.from < report.to else { throw fault("file", "covers no time") }
        return report
    }

    /// What tells a page from others: the same twice was fetched or given twice.
    private struct Page: Hashable {
        let lines: [ProviderReport.Line]
        private let starts: [String?]
        private let next: String?

        init(_ page: JSONValue, _ buckets: [ReportField], _ lines: ArraySlice<ProviderReport.Line>) {
            self.lines = Array(lines)
            starts = buckets.map { $0.text("starting_at") ?? $0.value["start_time"]?.rawNumber }
            next = page["next_page"]?.string
        }
    }

    private static func read(
        _ bucket: ReportField, into report: inout ProviderReport
    ) throws(ProviderReportError) {
        if let kind = try Self.kind(bucket), kind != report.kind {
            throw fault(bucket.place, "is of \(kind.rawValue), others are of \(report.kind.rawValue)")
        }
        switch report.kind {
        case .anthropicUsage, .anthropicCost: try report.addAnthropic(bucket)
        case .openaiUsage, .openaiCosts: try report.addOpenAI(bucket)
        case .openrouterActivity: try report.addActivity(bucket)
        }
    }

    private static func pages(_ bytes: [UInt8]) throws(ProviderReportError) -> [JSONValue] {
        do throws(JSONError) {
            let root = try JSONDocument.parse(bytes).root
            return root.kind == .array ? Array(root.array) : [root]
        } catch let whole {
            var pages: [JSONValue] = []
            for line in bytes.split(separator: UInt8(ascii: "\n")) where line.contains(where: { $0 > 0x20 }) {
                do throws(JSONError) { pages.append(try JSONDocument.parse(Array(line)).root) } catch {
                    throw fault("file", "is neither JSON nor a page of JSON a line: \(whole.message)")
                }
            }
            return pages
        }
    }

    /// What the bucket is of; nil: it is empty and does not tell.
    private static func kind(_ bucket: ReportField) throws(ProviderReportError) -> ProviderReport.Kind? {
        if bucket.value["date"] != nil { return .openrouterActivity }
        guard let result = bucket.value["results"]?.array.first(where: { _ in true }) else { return nil }
        switch result["object"]?.string {
        case "organization.usage.completions.result": return .openaiUsage
        case "organization.costs.result": return .openaiCosts
        case let name?:
            throw fault(bucket.place, "has results of \(name), which no ledger can be held against")
        case nil: break
        }
        if result["uncached_input_tokens"] != nil { return .anthropicUsage }
        if result["amount"] != nil { return .anthropicCost }
        throw fault(bucket.place, "is of no report that is known here")
    }

    static func fault(_ place: String, _ reason: String) -> ProviderReportError {
        ProviderReportError(place: place, reason: reason)
    }
}

/// A value in a report, and where it stands.
struct ReportField {
    let value: JSONValue
    let place: String

    init(_ value: JSONValue, _ place: String) {
        self.value = value
        self.place = place
    }

    /// The objects of a list.
    var results: [ReportField] {
        guard let results = value["results"] else { return [] }
        return results.array.enumerated().map { ReportField($0.element, "\(place).results[\($0.offset)]") }
    }

    /// A name, or nil where it is absent or null.
    func text(_ key: String) -> String? { value[key]?.string }

    /// A count; absent is 0, null is none.
    func count(_ key: String) throws(ProviderReportError) -> Int128 {
        guard let found = value[key] else { return 0 }
        guard let count = found.int64, count >= 0 else { throw fault(key, "must be a count") }
        return Int128(count)
    }

    /// An object, or nothing at all in its place.
    func object(_ key: String) -> ReportField? {
        value[key].flatMap { $0.kind == .object ? ReportField($0, "\(place).\(key)") : nil }
    }

    /// Dollars times 10 to the power of `shift`, as 10⁻¹⁸ USD.
    ///
    /// Some providers write binary fractions: what is beyond 18 decimals is cut off.
    func money(_ key: String, shift: Int = 0) throws(ProviderReportError) -> Int128 {
        guard let found = value[key], let text = found.string ?? found.rawNumber,
            let amount = ReportNumber.attos(text, shift: shift)
        else { throw fault(key, "must be a decimal number") }
        return amount
    }

    func fault(_ key: String, _ reason: String) -> ProviderReportError {
        ReportPages.fault("\(place).\(key)", reason)
    }
}

/// Decimal numbers as providers write them: a fraction, perhaps with an exponent.
enum ReportNumber {
    /// Beyond a trillion no report is believed, so that sums of very many lines stay exact.
    private static let attosMax: Int128 = 1_000_000_000_000 * 1_000_000_000_000_000_000

    /// `text` × 10^`shift` in units of 10⁻¹⁸; nil: no number, or beyond the range.
    static func attos(_ text: String, shift: Int = 0) -> Int128? {
        let parts = text.split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == "e" || $0 == "E" })
        guard let mantissa = parts.first else { return nil }
        var exponent = shift
        if parts.count == 2 {
            guard let stated = Int(parts[1]), (-99...99).contains(stated) else { return nil }
            exponent += stated
        }
        let isNegative = mantissa.hasPrefix("-")
        let pieces = (isNegative ? mantissa.dropFirst() : mantissa).split(
            separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(pieces.count),
            pieces.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        let digits = Array(pieces.joined().utf8)
        let whole = pieces[0].count + exponent + 18
        var value: Int128 = 0
        for place in 0..<max(whole, 0) {
            value = value * 10 + (place < digits.count ? Int128(digits[place] - 48) : 0)
            guard value <= attosMax else { return nil }
        }
        return isNegative ? -value : value
    }
}
