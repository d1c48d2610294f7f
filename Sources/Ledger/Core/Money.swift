/// An exact amount of money: a count of 10⁻¹⁸ US dollars.
///
/// A published price times a published multiplier is a whole number at this scale, so costs and sums are
/// exact and nothing rounds before display. The range is ±1.7 × 10²⁰ USD.
package struct Money: Hashable, Sendable {
    /// 10⁻¹⁸ USD.
    package let attos: Int128

    /// No money.
    package static let zero = Money(attos: 0)

    /// The most that one event, price or limit may come to: 10¹⁵ USD.
    ///
    /// Sums stay far below what a database's `numeric(38, 18)` holds, 10²⁰ USD.
    package static let amountMax = Money(attos: 1_000_000_000_000_000 * attosPerDollar)

    /// One dollar, in 10⁻¹⁸ USD.
    package static let attosPerDollar: Int128 = 1_000_000_000_000_000_000

    /// Creates an amount from 10⁻¹⁸ USD.
    package init(attos: Int128) { self.attos = attos }

    /// Reads a plain decimal number of dollars (`-12.5`, `0.000001`), exactly.
    ///
    /// - Throws: ``MoneyError/notDecimal`` for any other text, ``MoneyError/inexact`` beyond 18 decimals,
    ///   ``MoneyError/overflow`` beyond the range.
    package init(decimal text: String) throws(MoneyError) {
        attos = try DecimalText.parse(text.utf8, decimals: 18)
    }

    /// Dollars as a plain decimal: no exponent, no trailing zeros.
    package var decimalText: String {
        String(decoding: DecimalText.bytes(attos, decimals: 18), as: UTF8.self)
    }

    /// Adds exactly.
    ///
    /// - Throws: ``MoneyError/overflow`` when the sum leaves the range.
    package func adding(_ other: Money) throws(MoneyError) -> Money {
        let (sum, overflow) = attos.addingReportingOverflow(other.attos)
        guard !overflow else { throw .overflow }
        return Money(attos: sum)
    }

    /// Adds, and stays at the end of the range instead of leaving it.
    ///
    /// For folds of recorded facts, which must be total.
    package func addingClamped(_ other: Money) -> Money {
        let (sum, overflow) = attos.addingReportingOverflow(other.attos)
        return overflow ? Money(attos: other.attos > 0 ? .max : .min) : Money(attos: sum)
    }

    /// The negated amount; the lowest amount clamps to the highest.
    package var negated: Money { Money(attos: attos == .min ? .max : -attos) }
}

extension Money: Comparable {
    package static func < (left: Money, right: Money) -> Bool { left.attos < right.attos }
}

/// Why an amount or a rate could not be made.
package enum MoneyError: Error, Hashable {
    /// The value leaves the 128-bit range.
    case overflow
    /// The value is not a whole number of 10⁻¹⁸ USD.
    case inexact
    /// The text is not a plain decimal number.
    case notDecimal
}
