/// Percent-encoding of URL parts, RFC 3986.
package enum PercentEncoding {
    /// Returns the decoded text, or nil when an escape is broken or the result is not UTF-8.
    ///
    /// With `plusIsSpace` a `+` means a space, as in a query that a form made.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        let source = Array(text.utf8)
        guard source.contains(UInt8(ascii: "%")) || (plusIsSpace && source.contains(UInt8(ascii: "+")))
        else {
            return String(text)
        }
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < source.count, let high = digit(source[index + 1]),
                    let low = digit(source[index + 2])
                else { return nil }
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
