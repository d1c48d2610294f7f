/// The price of one unit (a token, a search), exact.
package struct Rate: Hashable, Sendable {
    /// 10⁻¹⁸ USD for one unit.
    package let attosPerUnit: Int128

    /// Creates a rate from the price of one unit, in 10⁻¹⁸ USD.
    package init(attosPerUnit: Int128) { self.attosPerUnit = attosPerUnit }

    /// Reads a price in dollars for a million units.
    ///
    /// - Throws: ``MoneyError/inexact`` when one unit is not a whole number of 10⁻¹⁸ USD,
    ///   ``MoneyError/notDecimal``.
    package init(dollarsPerMillion text: String) throws(MoneyError) {
        attosPerUnit = try DecimalText.parse(text.utf8, decimals: 12)
    }

    /// Reads a price in dollars for a thousand units.
    ///
    /// - Throws: as ``init(dollarsPerMillion:)``.
    package init(dollarsPerThousand text: String) throws(MoneyError) {
        attosPerUnit = try DecimalText.parse(text.utf8, decimals: 15)
    }

    /// Dollars for a million units, as a plain decimal.
    package var perMillionText: String {
        String(decoding: DecimalText.bytes(attosPerUnit, decimals: 12), as: UTF8.self)
    }

    /// Dollars for a thousand units, as a plain decimal.
    package var perThousandText: String {
        String(decoding: DecimalText.bytes(attosPerUnit, decimals: 15), as: UTF8.self)
    }

    /// Returns the price of `units`; exact.
    ///
    /// - Throws: ``MoneyError/overflow`` when the price leaves the 128-bit range.
    package func price(of units: Int64) throws(MoneyError) -> Money {
        let (attos, overflow) = attosPerUnit.multipliedReportingOverflow(by: Int128(units))
        guard !overflow else { throw .overflow }
        return Money(attos: attos)
    }

    /// Returns this rate times `multiplier`; exact.
    ///
    /// - Throws: ``MoneyError/inexact``, ``MoneyError/overflow``.
    package func times(_ multiplier: Multiplier) throws(MoneyError) -> Rate {
        let (product, overflow) = attosPerUnit.multipliedReportingOverflow(by: Int128(multiplier.millionths))
        guard !overflow else { throw .overflow }
        let (attos, rest) = product.quotientAndRemainder(dividingBy: Multiplier.one)
        guard rest == 0 else { throw .inexact }
        return Rate(attosPerUnit: attos)
    }
}

/// A factor on a rate (batch 0.5, a region 1.1), exact to a millionth.
package struct Multiplier: Hashable, Sendable {
    /// The factor in millionths.
    package let millionths: Int64

    /// The factor as a plain decimal.
    package var text: String {
        String(decoding: DecimalText.bytes(Int128(millionths), decimals: 6), as: UTF8.self)
    }

    /// One, in millionths.
    static let one: Int128 = 1_000_000

    /// Reads a plain decimal factor.
    ///
    /// - Throws: ``MoneyError/inexact`` beyond six decimals, ``MoneyError/notDecimal``,
    ///   ``MoneyError/overflow``.
    package init(_ text: String) throws(MoneyError) {
        guard let millionths = Int64(exactly: try DecimalText.parse(text.utf8, decimals: 6)), millionths >= 0
        else { throw .overflow }
        self.millionths = millionths
    }
}
