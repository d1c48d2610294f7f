/// Plain decimal numbers as text: `-12.5`, never `1e3`, never a trailing zero.
package enum DecimalText {
    /// The text of `value` × 10^−`decimals`.
    ///
    /// - Complexity: O(digits).
    package static func bytes(_ value: Int128, decimals: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, decimals: decimals, to: &bytes)
        return bytes
    }

    /// Appends the text of `value` × 10^−`decimals`.
    package static func append(_ value: Int128, decimals: Int, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let digits = digits(of: value.magnitude)
        let whole = max(digits.count - decimals, 0)
        if whole == 0 { bytes.append(UInt8(ascii: "0")) }
        bytes.append(contentsOf: digits.prefix(whole))
        var fraction = digits.dropFirst(whole)[...]
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        guard !fraction.isEmpty else { return }
        bytes.append(UInt8(ascii: "."))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(decimals - digits.count, 0)))
        bytes.append(contentsOf: fraction)
    }

    /// Reads a plain decimal as a whole number of 10^−`decimals`.
    ///
    /// - Throws: ``MoneyError/notDecimal``, ``MoneyError/inexact`` when more than `decimals` digits follow the point
    ///   and one of them is not 0, ``MoneyError/overflow``.
    package static func parse(_ text: some Sequence<UInt8>, decimals: Int) throws(MoneyError) -> Int128 {
        var value: Int128 = 0
        var digits = 0
        var fraction: Int?
        var isNegative = false
        var endsInDigit = false
        for (offset, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where offset == 0: isNegative = true
            case UInt8(ascii: ".") where fraction == nil && digits > 0:
                fraction = 0
                endsInDigit = false
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                endsInDigit = true
                let digit = Int128(byte - UInt8(ascii: "0"))
                if let places = fraction {
                    guard places < decimals else {
                        guard digit == 0 else { throw .inexact }
                        continue
                    }
                    fraction = places + 1
                }
                value = try shift(value, adding: isNegative ? -digit : digit)
            default: throw .notDecimal
            }
        }
        guard endsInDigit else { throw .notDecimal }
        for _ in (fraction ?? 0)..<decimals { value = try shift(value, adding: 0) }
        return value
    }

    private static func shift(_ value: Int128, adding digit: Int128) throws(MoneyError) -> Int128 {
        let (tens, high) = value.multipliedReportingOverflow(by: 10)
        let (sum, low) = tens.addingReportingOverflow(digit)
        guard !high, !low else { throw .overflow }
        return sum
    }

    /// The decimal digits of `value`, at least one, most significant first.
    private static func digits(of value: UInt128) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = value
        // 128-bit division is slow: take nineteen digits at a time and split those with 64-bit arithmetic.
        let chunk: UInt128 = 10_000_000_000_000_000_000
        while rest > UInt128(UInt64.max) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: chunk)
            var low = UInt64(remainder)
            for _ in 0..<19 {
                digits.append(UInt8(ascii: "0") + UInt8(low % 10))
                low /= 10
            }
            rest = quotient
        }
        var low = UInt64(rest)
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(low % 10))
            low /= 10
        } while low > 0
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        digits.reverse()
        return digits
    }
}
