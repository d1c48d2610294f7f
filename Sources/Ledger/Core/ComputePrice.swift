/// What processor time and memory cost from one moment on, exact.
package struct ComputePrice: Hashable, Sendable {
    /// The first moment at which it holds.
    package let from: Timestamp
    /// The price of a millisecond of one processor.
    package let cpuMillisecond: Rate
    /// The price of a mebibyte held for a second.
    package let mebibyteSecond: Rate

    /// Where it comes from.
    package let source: String

    /// Mebibyte-seconds in a gibibyte-hour.
    package static let mebibyteSecondsPerGibibyteHour: Int128 = 1024 * 3600

    /// Creates a price.
    package init(from: Timestamp, cpuMillisecond: Rate, mebibyteSecond: Rate, source: String = "") {
        self.from = from
        self.source = source
        self.cpuMillisecond = cpuMillisecond
        self.mebibyteSecond = mebibyteSecond
    }

    /// What `cpuMilliseconds` of processor time and `mebibyteSeconds` of memory cost; exact.
    ///
    /// - Throws: ``MoneyError/overflow`` when the cost leaves the 128-bit range.
    package func cost(cpuMilliseconds: Int64, mebibyteSeconds: Int64) throws(MoneyError) -> Money {
        try cpuMillisecond.price(of: cpuMilliseconds).adding(try mebibyteSecond.price(of: mebibyteSeconds))
    }
}

extension Rate {
    /// Reads a price in dollars for a gibibyte held for an hour, as that of a mebibyte-second.
    ///
    /// - Throws: ``MoneyError/inexact`` when a mebibyte-second is not a whole number of 10⁻¹⁸ USD,
    ///   ``MoneyError/notDecimal``, ``MoneyError/overflow``.
    package init(dollarsPerGibibyteHour text: String) throws(MoneyError) {
        let hour = try Money(decimal: text).attos
        let (each, rest) = hour.quotientAndRemainder(
            dividingBy: ComputePrice.mebibyteSecondsPerGibibyteHour)
        guard rest == 0 else { throw .inexact }
        self.init(attosPerUnit: each)
    }

    /// The price of a gibibyte-hour next to `dollars` that a mebibyte-second divides, for messages; nil
    /// beyond the range.
    package static func exactGibibyteHour(near dollars: Money) -> Money? {
        let unit = ComputePrice.mebibyteSecondsPerGibibyteHour
        let (half, overflow) = dollars.attos.addingReportingOverflow(unit / 2)
        return overflow || half < 0 ? nil : Money(attos: half - half % unit)
    }
}
