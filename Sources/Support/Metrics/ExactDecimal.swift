/// A decimal number held exactly, as a count of 10⁻¹⁸; money reaches the exposition through it.
///
/// A `Double` would print `0.012300000000000001` for `0.0123`; this never does.
package struct ExactDecimal: Hashable, Sendable {
    /// The count of 10⁻¹⁸.
    package let attos: Int128

    private static let fractionDigits = 18
    private static let scale: Int128 = 1_000_000_000_000_000_000

    package init(attos: Int128) { self.attos = attos }

    /// Reads plain decimal text, such as `-12.05`.
    ///
    /// Nil for anything else: exponents, spaces, more than 18 fraction digits, more than 128 bits.
    package init?(_ text: some StringProtocol) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty else { return nil }
        let fraction = parts.count == 2 ? parts[1] : whole.suffix(0)
        guard parts.count == 1 || !fraction.isEmpty, fraction.count <= Self.fractionDigits else { return nil }
        var value: Int128 = 0
        let padding = repeatElement(UInt8(ascii: "0"), count: Self.fractionDigits - fraction.count)
        for digits in [Array(whole), Array(fraction), Array(padding)] {
            for digit in digits {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                let (shifted, overflowsShift) = value.multipliedReportingOverflow(by: 10)
                let (next, overflowsAdd) = shifted.addingReportingOverflow(Int128(digit - UInt8(ascii: "0")))
                guard !overflowsShift, !overflowsAdd else { return nil }
                value = next
            }
        }
        attos = isNegative ? -value : value
    }

    /// The sum, held at the ends of the range rather than wrapped.
    package func saturatingAdd(_ other: ExactDecimal) -> ExactDecimal {
        let (sum, overflows) = attos.addingReportingOverflow(other.attos)
        guard overflows else { return ExactDecimal(attos: sum) }
        return ExactDecimal(attos: other.attos < 0 ? .min : .max)
    }

    /// Appends the shortest plain decimal text, such as `0.0123`.
    package func append(to bytes: inout [UInt8]) {
        if attos < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = attos.magnitude.quotientAndRemainder(dividingBy: UInt128(Self.scale))
        if let small = Int64(exactly: whole) {
            MetricValue.append(small, to: &bytes)
        } else {
            bytes.append(contentsOf: String(whole).utf8)
        }
        guard fraction != 0 else { return }
        var rest = UInt64(fraction)
        var digits = Self.fractionDigits
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        bytes.append(UInt8(ascii: "."))
        let start = bytes.count
        for _ in 0..<digits {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }
}
