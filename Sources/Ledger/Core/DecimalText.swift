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
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digitsMax) { space in
            let digits = space[write(value.magnitude, to: space)...]
            let whole = max(digits.count - decimals, 0)
            if whole == 0 { bytes.append(UInt8(ascii: "0")) }
            bytes.append(contentsOf: digits.prefix(whole))
            var fraction = digits.dropFirst(whole)
            while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
            guard !fraction.isEmpty else { return }
            bytes.append(UInt8(ascii: "."))
            for _ in 0..<max(decimals - digits.count, 0) { bytes.append(UInt8(ascii: "0")) }
            bytes.append(contentsOf: fraction)
        }
    }

    /// Reads a plain decimal as a whole number of 10^−`decimals`.
    ///
    /// - Throws: ``MoneyError/notDecimal``, ``MoneyError/inexact`` when more than `decimals` digits follow
    ///   the point and one of them is not 0, ``MoneyError/overflow``.
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

    /// Digits of the largest 128-bit number.
    private static let digitsMax = 40

    /// Writes the decimal digits of `value`, at least one, at the end of `space`; returns where they begin.
    private static func write(_ value: UInt128, to space: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var at = space.count
        var rest = value
        // 128-bit division is slow: take nineteen digits at a time and split those with 64-bit arithmetic.
        let chunk: UInt128 = 10_000_000_000_000_000_000
        while rest > UInt128(UInt64.max) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: chunk)
            var low = UInt64(remainder)
            for _ in 0..<19 {
                at -= 1
                space.initializeElement(at: at, to: UInt8(ascii: "0") + UInt8(low % 10))
                low /= 10
            }
            rest = quotient
        }
        var low = UInt64(rest)
        repeat {
            at -= 1
            space.initializeElement(at: at, to: UInt8(ascii: "0") + UInt8(low % 10))
            low /= 10
        } while low > 0
        return at
    }

    /// Reads exactly what ``append(_:decimals:to:)`` writes; nil for any other text.
    static func canonical(_ text: UnsafeRawBufferPointer, decimals: Int) -> Int128? {
        let isNegative = text.first == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        var value: UInt64 = 0
        var point: Int?
        // Eighteen digits fit into 64 bits, with a sign and a point; longer numbers are rare.
        guard text.count <= 18 else { return longCanonical(text, decimals: decimals) }
        for at in first..<max(text.count, first) {
            let digit = text[at] &- UInt8(ascii: "0")
            if digit < 10 {
                value = value &* 10 &+ UInt64(digit)
            } else {
                guard text[at] == UInt8(ascii: "."), point == nil, at > first else { return nil }
                point = at
            }
        }
        let wholeEnd = point ?? text.count
        let places = point.map { text.count - $0 - 1 } ?? 0
        guard wholeEnd > first, text[first] != UInt8(ascii: "0") || wholeEnd == first + 1,
            point == nil || places > 0 && text.last != UInt8(ascii: "0"), places <= decimals,
            !isNegative || value > 0
        else { return nil }
        var scale: Int128 = 1
        for _ in places..<decimals { scale *= 10 }
        return isNegative ? -Int128(value) * scale : Int128(value) * scale
    }

    private static func longCanonical(_ text: UnsafeRawBufferPointer, decimals: Int) -> Int128? {
        guard let value = try? parse(text, decimals: decimals),
            bytes(value, decimals: decimals).elementsEqual(text)
        else { return nil }
        return value
    }
}
