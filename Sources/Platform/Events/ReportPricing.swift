import Crypto
import LedgerCore

/// Makes a report an event: priced by our book, never by what the sender says.
struct ReportPricing {
    private let book: PriceBook

    /// How far ahead of our clock a report's time may be.
    static let aheadMicrosecondsMax: Int64 = 300_000_000

    init(_ book: PriceBook) { self.book = book }

    /// The event; a model or bucket without a price makes it unpriced, and holds what such a call holds.
    func event(_ report: UsageReport, now: Timestamp) throws(ReportError) -> UsageReported {
        let usedAt = report.usedAt ?? now
        guard usedAt.microseconds <= now.microseconds + Self.aheadMicrosecondsMax else {
            throw ReportError("data.usedAt", "must not lie in the future")
        }
        return UsageReported(
            user: report.user, source: report.source, reportID: report.id,
            digest: SHA256.hash(of: report.digestText).description, kind: .report,
            provider: report.provider, model: report.model, usage: report.usage,
            cost: try cost(report, at: usedAt), priceBook: book.hash, usedAt: usedAt)
    }

    private func cost(_ report: UsageReport, at time: Timestamp) throws(ReportError) -> Cost {
        let pricing = Pricing(book: book, provider: report.provider, time: time)
        let part = UsagePart(model: report.model, usage: report.usage)
        do throws(PricingGap) { return .priced(try pricing.cost(of: [part], modifiers: [])) } catch {
            guard error != .outOfRange else {
                throw ReportError("data.usage", "costs more than can be believed")
            }
            return .unpriced(holding: book.unpricedReserve)
        }
    }
}
