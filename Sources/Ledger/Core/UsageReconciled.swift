/// The ledger was held against a provider's own report: what each of the two has.
///
/// How much was captured follows from it, and is not recorded: a share is no amount.
package struct UsageReconciled: Hashable, Sendable {
    /// The same figure of both.
    package struct Both<Amount: Hashable & Comparable & Sendable>: Hashable, Sendable {
        /// The ledger's.
        package let ledger: Amount
        /// The provider's.
        package let provider: Amount
        /// What both have, row by row: what the ledger has too much in one does not make up for another; nil:
        /// that is not known.
        package let captured: Amount?

        /// Creates both.
        package init(ledger: Amount, provider: Amount, captured: Amount? = nil) {
            self.ledger = ledger
            self.provider = provider
            self.captured = captured
        }

        /// What of the provider's figure the ledger has as well, at most.
        package var share: Amount { captured ?? min(ledger, provider) }

        fileprivate func isWithin(_ range: ClosedRange<Amount>) -> Bool {
            range.contains(ledger) && range.contains(provider) && range.contains(share)
                && share <= min(ledger, provider)
        }
    }

    /// The provider, as the journal names it.
    package let provider: String
    /// Which of its reports: `anthropic_usage`.
    package let report: String
    /// SHA-256 of the report's file, in hexadecimal.
    package let sha256: String
    /// The first UTC day that the report covers.
    package let from: Day
    /// The day after the last.
    package let to: Day
    /// Tokens; nil: the report has none.
    package let tokens: Both<Int64>?
    /// Money; nil: the report has none.
    package let cost: Both<Money>?
    /// How many figures were compared: one for each day, model and kind of token, or money.
    package let rows: Int64
    /// How many of them differ.
    package let rowsDiffering: Int64
    /// Who recorded it.
    package let actor: String
    /// Why, at most ``reasonScalarsMax`` Unicode scalars; nil: nobody said.
    package let reason: String?

    /// The longest reason.
    package static let reasonScalarsMax = 200
    /// The longest period of a report.
    package static let daysMax: Int64 = 3_660
    /// The most rows that are believed.
    package static let rowsMax: Int64 = 1_000_000_000
    /// The most tokens that are believed: 10¹⁸.
    package static let tokensMax: Int64 = 1_000_000_000_000_000_000

    /// Creates the event.
    package init(
        provider: String, report: String, sha256: String, from: Day, to: Day, tokens: Both<Int64>?,
        cost: Both<Money>?, rows: Int64, rowsDiffering: Int64, actor: String, reason: String? = nil
    ) {
        self.provider = provider
        self.report = report
        self.sha256 = sha256
        self.from = from
        self.to = to
        self.tokens = tokens
        self.cost = cost
        self.rows = rows
        self.rowsDiffering = rowsDiffering
        self.actor = actor
        self.reason = reason
    }

    /// What is the same each time that the provider sends this kind of report.
    package var name: ReportName { ReportName(source: provider, reportID: report) }

    /// Why it cannot be so at `now`, in words for its sender; nil: it can.
    package func fault(at now: Timestamp) -> String? {
        let isHash =
            sha256.utf8.count == 64
            && sha256.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        let isPeriod = from < to && to.ordinal - from.ordinal <= Self.daysMax && from <= now.day
        let areFigures =
            (tokens?.isWithin(0...Self.tokensMax) ?? true) && (cost?.isWithin(.zero ... .amountMax) ?? true)
        let rules = [
            ([provider, report].allSatisfy(UsageReported.isName), "provider or report is not a name"),
            (isHash, "sha256 is not 64 hexadecimal digits in lower case"),
            (isPeriod, "from and to are not 1 to \(Self.daysMax) days of which the first has begun"),
            (tokens != nil || cost != nil, "tokens and costUsd are both missing"),
            (areFigures, "a figure is negative, or more than is believed"),
            ((0...Self.rowsMax).contains(rows), "rows is not a count from 0 to \(Self.rowsMax)"),
            (rowsDiffering >= 0 && rowsDiffering <= rows, "rowsDiffering is not a count of those rows"),
        ]
        return rules.first { !$0.0 }?.1
    }
}

/// A result that is recorded.
package struct KnownReconciliation: Hashable, Sendable {
    /// The result.
    package let result: UsageReconciled
    /// Where it is recorded.
    package let position: Position
    /// When.
    package let recordedAt: Timestamp

    /// Whether `other` is of the same file and has the same of the ledger.
    fileprivate func isSame(as other: UsageReconciled) -> Bool {
        result.name == other.name && result.sha256 == other.sha256
            && result.tokens?.ledger == other.tokens?.ledger && result.cost?.ledger == other.cost?.ledger
    }
}

/// Results of reports.
extension LedgerState {
    /// Results beyond this are forgotten, the one recorded longest ago first.
    package static let reconciliationsMax = 64

    /// The event for `result`.
    func judge(_ result: UsageReconciled, at now: Timestamp) throws(Rejection) -> [Event] {
        guard result.fault(at: now) == nil else { throw .negative }
        if let known = reconciliations[result.name], known.isSame(as: result) {
            throw .alreadyReconciled(known.position)
        }
        return [.usageReconciled(result)]
    }

    mutating func keep(_ known: KnownReconciliation) {
        reconciliations[known.result.name] = known
        guard reconciliations.count > Self.reconciliationsMax else { return }
        let oldest = reconciliations.min { $0.value.position < $1.value.position }
        if let oldest { reconciliations[oldest.key] = nil }
    }
}
