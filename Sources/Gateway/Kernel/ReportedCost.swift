import JSON
import LedgerCore

/// Reads the dollars that an agent says it cost.
///
/// Exact, from the decimal text, never through a binary fraction. Agents add such fractions up themselves, so
/// that their sums end in noise (`0.01838799999999999`) or have an exponent (`5e-07`): the exponent is
/// resolved, and what lies beyond 10⁻¹⁸ dollars is cut off.
enum ReportedCost {
    /// The most that is believed of one run: sums of very many such costs still fit SQL's `numeric(38,18)`.
    static let amountMax = Money(attos: 1_000_000_000 * Money.attosPerDollar)

    /// The amount; nil when `value` is no number, is negative, or above ``amountMax``.
    static func read(_ value: JSONValue) -> Money? {
        guard let text = value.rawNumber else { return nil }
        return read(text)
    }

    static func read(_ text: String) -> Money? {
        let parts = text.split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == "e" || $0 == "E" })
        guard let mantissa = parts.first, mantissa.utf8.count <= 400 else { return nil }
        var exponent = 0
        if parts.count == 2 {
            guard let given = Int(parts[1]), (-400...400).contains(given) else { return nil }
            exponent = given
        }
        let halves = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = halves.first, !whole.isEmpty else { return nil }
        let fraction = halves.count == 2 ? halves[1] : ""
        let digits = Array((whole + fraction).utf8)
        // "-0" is what some agents make of nothing.
        guard digits.first != UInt8(ascii: "-") || digits.dropFirst().allSatisfy({ $0 == zero }) else {
            return nil
        }
        let point = whole.utf8.count + exponent
        let text = plain(digits.map { $0 == UInt8(ascii: "-") ? zero : $0 }, point: point)
        guard let amount = try? Money(decimal: text), amount <= amountMax else { return nil }
        return amount
    }

    private static let zero = UInt8(ascii: "0")

    /// `digits` with the point after `point` of them, and at most 18 behind it.
    private static func plain(_ digits: [UInt8], point: Int) -> String {
        var whole = Array(digits.prefix(max(point, 0)))
        whole.append(contentsOf: repeatElement(zero, count: max(point - digits.count, 0)))
        var fraction = Array(repeating: zero, count: max(-point, 0))
        fraction.append(contentsOf: digits.dropFirst(max(point, 0)))
        let text = (whole.isEmpty ? [zero] : whole) + [UInt8(ascii: ".")] + fraction.prefix(18)
        return String(decoding: fraction.isEmpty ? text.dropLast() : text[...], as: UTF8.self)
    }
}
