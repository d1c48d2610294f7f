package import LedgerCore

/// A ledger beside a provider's report: what each has for every day, model and measure.
package struct UsageReconciliation: Sendable {
    /// One figure of both.
    package struct Row: Hashable, Sendable {
        /// The UTC day.
        package let day: Day
        /// The model without its date; empty: the report keeps none apart.
        package let model: String
        /// What is measured.
        package let measure: ReportMeasure
        /// The ledger's figure.
        package var ledger: Int128 = 0
        /// The provider's.
        package var provider: Int128 = 0

        /// How much more the ledger has.
        package var difference: Int128 { ledger - provider }

        /// The sum of this row alone.
        package var sum: Sum {
            var sum = Sum()
            sum.add(ledger: ledger, provider: provider)
            return sum
        }
    }

    /// Both figures of several rows.
    package struct Sum: Hashable, Sendable {
        /// The ledger's.
        package private(set) var ledger: Int128 = 0
        /// The provider's.
        package private(set) var provider: Int128 = 0
        /// What both have, row by row: what the ledger has too much in one does not make up for another.
        package private(set) var captured: Int128 = 0

        /// Creates the sum of no rows.
        package init() {}

        /// Adds a row with these figures.
        package mutating func add(ledger: Int128, provider: Int128) {
            self.ledger += ledger
            self.provider += provider
            captured += min(max(ledger, 0), provider)
        }

        /// What both have for one of the provider's, in millionths, cut off; nil: the provider has none.
        package var capturedMillionths: Int128? { millionths(of: max(captured, 0)) }

        /// The ledger's for one of the provider's, in millionths, cut off; nil: the provider has none.
        package var ratioMillionths: Int128? { millionths(of: ledger) }

        private func millionths(of amount: Int128) -> Int128? {
            let (product, overflow) = amount.multipliedReportingOverflow(by: 1_000_000)
            return overflow || provider == 0 ? nil : product / provider
        }
    }

    /// The figures of one key.
    private struct Figures {
        var ledger: Int128 = 0
        var provider: Int128 = 0
    }

    private struct Key: Hashable {
        let day: Day
        let model: String
        let measure: ReportMeasure
    }

    /// The report.
    package let report: ProviderReport
    /// The provider's name in the journal.
    package let provider: String
    /// Calls without a known price in the range: their cost is in no sum of the ledger.
    package private(set) var unpricedCalls: Int64 = 0
    /// The part of the ledger's cost that is estimated.
    package private(set) var estimated = Money.zero
    /// The part of the ledger's tokens that is upper bounds.
    package private(set) var estimatedTokens: Int128 = 0
    private let measures: [ReportMeasure]
    private let isByModel: Bool
    private var figures: [Key: Figures] = [:]

    /// A comparison of `report` with what the journal has of `provider`.
    package init(_ report: ProviderReport, provider: String) {
        self.report = report
        self.provider = provider
        isByModel = report.isByModel
        measures = report.kind.measures
        for line in report.lines {
            let key = Key(day: line.day, model: isByModel ? line.model : "", measure: line.measure)
            figures[key, default: Figures()].provider += line.amount
        }
    }

    /// Adds what an event of the journal used and cost.
    package mutating func add(_ recorded: RecordedEvent) {
        if case .costAdjusted(let event) = recorded.event { return correct(event) }
        guard (report.from..<report.to).contains(recorded.timestamp) else { return }
        let day = recorded.timestamp.day
        switch recorded.event {
        case .callSettled(let event):
            // With fees that are not known the tokens still are.
            add(
                event.call.provider, event.call.model, event.usage, event.cost, on: day,
                isBound: event.fees == nil || event.usageInconsistent || event.usageSource != .providerFinal)
        case .callExpired(let event):
            add(event.call.provider, event.call.model, Usage(), event.cost, on: day)
        case .dispatchCompleted(let event) where event.billing == .direct:
            guard !event.models.isEmpty else {
                return add(event.provider, event.model, event.usage, event.cost, on: day)
            }
            for share in event.models {
                let cost = event.cost.state == .estimated ? Cost.estimated(share.cost) : .priced(share.cost)
                add(share.provider, share.model, share.usage, cost, on: day)
            }
        case .usageReported(let event) where event.kind == .report:
            add(event.provider, event.model, event.usage, event.cost, on: day)
        default: return
        }
    }

    /// Adds a correction where what it corrects counts.
    private mutating func correct(_ event: CostAdjusted) {
        let target = event.target
        guard target.provider == provider, target.kind != .compute,
            (report.from..<report.to).contains(target.recordedAt)
        else { return }
        for (cost, sign) in [(event.old.cost, Int64(-1)), (event.new.cost, 1)] {
            if cost.state == .unpriced { unpricedCalls += sign }
            if cost.state == .estimated {
                estimated = estimated.addingClamped(sign < 0 ? cost.amount.negated : cost.amount)
            }
        }
        guard measures.contains(.cost), event.difference != .zero else { return }
        let key = Key(day: target.recordedAt.day, model: name(target.model), measure: .cost)
        figures[key, default: Figures()].ledger += event.difference.attos
    }

    private func name(_ model: String) -> String {
        isByModel ? ModelName.shorter(model).last ?? model : ""
    }

    private mutating func add(
        _ provider: String, _ model: String, _ usage: Usage, _ cost: Cost, on day: Day,
        isBound: Bool = true
    ) {
        guard provider == self.provider else { return }
        if cost.state == .unpriced { unpricedCalls += 1 }
        if cost.state == .estimated { estimated = estimated.addingClamped(cost.amount) }
        let name = name(model)
        for measure in measures {
            let amount =
                measure == .cost
                ? cost.amount.attos : measure.buckets.reduce(Int128(0)) { $0 + Int128(usage[$1]) }
            if cost.state == .estimated, isBound, measure.isTokens { estimatedTokens += amount }
            if amount != 0 {
                figures[Key(day: day, model: name, measure: measure), default: Figures()].ledger += amount
            }
        }
    }

    /// Every figure, those that differ most first, counts before money.
    package var rows: [Row] {
        figures.map { key, sum in
            Row(
                day: key.day, model: key.model, measure: key.measure, ledger: sum.ledger,
                provider: sum.provider)
        }
        .sorted { left, right in
            let (one, other) = (left.difference.magnitude, right.difference.magnitude)
            if (left.measure == .cost) != (right.measure == .cost) { return right.measure == .cost }
            return one == other
                ? (left.day, left.model, left.measure.rawValue)
                    < (right.day, right.model, right.measure.rawValue) : one > other
        }
    }

    /// All tokens of both; nil: the report has no tokens.
    package var tokens: Sum? {
        measures == [.cost] ? nil : sum(\.isTokens)
    }

    /// All money of both; nil: the report has no money.
    package var cost: Sum? { measures.contains(.cost) ? sum({ $0 == .cost }) : nil }

    /// How much of what the provider has the ledger has as well: of tokens where the report has them, else of
    /// money.
    package var capturedMillionths: Int128? { (tokens ?? cost)?.capturedMillionths }

    /// The ledger's figure for one of the provider's, of the same, in millionths; more than a million where
    /// the ledger has more.
    package var ratioMillionths: Int128? { (tokens ?? cost)?.ratioMillionths }

    private func sum(_ isCounted: (ReportMeasure) -> Bool) -> Sum {
        figures.reduce(into: Sum()) { sum, figure in
            guard isCounted(figure.key.measure) else { return }
            sum.add(ledger: figure.value.ledger, provider: figure.value.provider)
        }
    }
}

extension ReportMeasure {
    /// Whether it counts tokens.
    fileprivate var isTokens: Bool { self != .cost && self != .webSearch }
}

extension ProviderReport.Kind {
    /// What this report measures.
    fileprivate var measures: [ReportMeasure] {
        switch self {
        case .anthropicUsage: [.input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .output, .webSearch]
        case .openaiUsage: [.uncachedInput, .cacheRead, .output, .inputAudio, .outputAudio]
        case .openrouterActivity: [.allInput, .allOutput, .cost]
        case .anthropicCost, .openaiCosts: [.cost]
        }
    }
}
