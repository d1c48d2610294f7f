/// Numbers as JSON writes them, turned into plain decimals without passing through binary fractions.
package enum ScientificNumber {
    /// `text` without its exponent: `1.5e-07` is `0.00000015`; nil when it is no number of sensible size.
    package static func plain(_ text: String) -> String? {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first, parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return text }
        guard let exponent = Int(parts[1]), (-exponentMax...exponentMax).contains(exponent) else {
            return nil
        }
        let isNegative = mantissa.first == "-"
        let pieces = mantissa.drop { $0 == "-" }.split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var whole = Array(pieces[0].utf8)
        var fraction = pieces.count == 2 ? Array(pieces[1].utf8) : []
        guard !whole.isEmpty, (whole + fraction).allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        if exponent >= 0 {
            fraction += Array(repeating: 0x30, count: max(exponent - fraction.count, 0))
            whole += fraction.prefix(exponent)
            fraction.removeFirst(exponent)
        } else {
            whole = Array(repeating: 0x30, count: max(1 - exponent - whole.count, 0)) + whole
            fraction = Array(whole.suffix(-exponent)) + fraction
            whole.removeLast(-exponent)
        }
        let zeros = whole.prefix { $0 == 0x30 }.count
        whole.removeFirst(min(zeros, whole.count - 1))
        return (isNegative ? "-" : "") + String(decoding: whole, as: UTF8.self)
            + (fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self))
    }

    /// The largest exponent that a price can have.
    private static let exponentMax = 40
}
