package import LedgerCore

/// What a provider says was used or owed: its own report, read into lines that a ledger can be held against.
package struct ProviderReport: Hashable, Sendable {
    /// Which report of which provider.
    package enum Kind: String, CaseIterable, Sendable {
        case anthropicUsage = "anthropic_usage"
        case anthropicCost = "anthropic_cost"
        case openaiUsage = "openai_usage"
        case openaiCosts = "openai_costs"
        case openrouterActivity = "openrouter_activity"

        /// The provider's name, as the journal has it.
        package var provider: String { String(rawValue.prefix { $0 != "_" }) }
    }

    /// One figure: of a day, and of a model where the report keeps them apart.
    package struct Line: Hashable, Sendable {
        /// The UTC day.
        package let day: Day
        /// The model without its date; empty: the report does not say.
        package let model: String
        /// What was measured.
        package let measure: ReportMeasure
        /// How much: a count, or 10⁻¹⁸ USD.
        package let amount: Int128
    }

    /// Which report it is.
    package let kind: Kind
    /// The first moment that it covers.
    package var from: Timestamp
    /// The moment after the last.
    package var to: Timestamp
    /// The figures.
    package var lines: [Line]
    /// Whether the provider says that pages follow which are not here.
    package var hasMore: Bool

    /// Whether every figure names its model, so that models can be compared.
    package var isByModel: Bool { lines.allSatisfy { !$0.model.isEmpty } }

    /// Adds a bucket of time; its figures count on the day on which it begins.
    mutating func add(from start: Timestamp, to end: Timestamp) {
        from = min(from, start)
        to = max(to, end)
    }

    /// Adds a figure, unless it is 0.
    mutating func add(_ amount: Int128, _ measure: ReportMeasure, _ model: String?, on day: Day) {
        guard amount != 0 else { return }
        let name = model.map { ModelName.shorter($0).last ?? $0 } ?? ""
        lines.append(Line(day: day, model: name, measure: measure, amount: amount))
    }

    /// A report of nothing.
    init(_ kind: Kind) {
        self.kind = kind
        from = Timestamp(microseconds: .max)
        to = Timestamp(microseconds: .min)
        lines = []
        hasMore = false
    }
}

/// What providers measure, and which of the ledger's buckets that is.
package enum ReportMeasure: String, CaseIterable, Sendable {
    case input, uncachedInput, allInput, cacheRead, cacheWrite5m, cacheWrite1h, inputAudio
    case output, allOutput, outputAudio, webSearch, cost

    /// The ledger's buckets; none for money.
    package var buckets: Set<UsageBucket> {
        switch self {
        case .input: [.input, .inputImage]
        case .uncachedInput: [.input, .inputImage, .cacheWrite5m, .cacheWrite1h]
        case .allInput: UsageBucket.inputs
        case .cacheRead: [.cacheRead]
        case .cacheWrite5m: [.cacheWrite5m]
        case .cacheWrite1h: [.cacheWrite1h]
        case .inputAudio: [.inputAudio]
        case .output: [.output, .outputImage]
        case .allOutput: UsageBucket.outputs
        case .outputAudio: [.outputAudio]
        case .webSearch: [.webSearch]
        case .cost: []
        }
    }
}

/// Why a provider's report could not be read, and where.
package struct ProviderReportError: Error, Hashable, CustomStringConvertible {
    /// The place: `page 1, data[3].results[0].amount`.
    package let place: String
    /// What is wrong there.
    package let reason: String

    /// What a person reads.
    package var description: String { "\(place): \(reason)" }
}
