/// How label names and values become legal, bounded text.
enum LabelText {
    /// Longer values are cut and given a digest, so that two long values stay two series.
    static let valueBytesMax = 256

    /// Whether `name` may name a label: ASCII letters, digits and `_`, no digit first, no `__` prefix.
    static func isName(_ name: String) -> Bool {
        !name.hasPrefix("__") && isIdentifier(name, allowsColon: false)
    }

    /// Whether `name` may name a metric.
    static func isMetricName(_ name: String) -> Bool { isIdentifier(name, allowsColon: true) }

    /// `value` without what a scraper stumbles over: control characters become pictures (␀, ␍), length is
    ///   bounded.
    ///
    /// Newline stays, because the format can escape it.
    static func legal(_ value: String) -> String {
        guard value.utf8.count > valueBytesMax || value.utf8.contains(where: isPictured) else { return value }
        var text = ""
        let isLong = value.utf8.count > valueBytesMax
        for scalar in value.unicodeScalars {
            if isLong && text.utf8.count + scalar.utf8.count > valueBytesMax - digestBytes { break }
            text.unicodeScalars.append(picture(of: scalar))
        }
        return isLong ? text + "…" + digest(of: value) : text
    }

    /// Appends `value` made legal and escaped: `\` as `\\`, `"` as `\"`, newline as `\n`.
    static func append(_ value: String, to bytes: inout [UInt8]) {
        // Nearly every value is short, plain and contiguous; it is looked through and copied as it lies in
        // memory.
        let isCopied = value.utf8.withContiguousStorageIfAvailable { text in
            guard text.count <= valueBytesMax, !text.contains(where: needsWork) else { return false }
            bytes.append(contentsOf: text)
            return true
        }
        if isCopied != true { escape(legal(value), quotes: true, to: &bytes) }
    }

    /// Appends `text` with `\` and newline escaped, and `"` too when `quotes` says so.
    static func escape(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: (quotes ? #"\""# : "\"").utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            default: bytes.append(byte)
            }
        }
    }

    private static let digestBytes = 19  // an ellipsis and 16 hexadecimal digits

    private static func isIdentifier(_ name: String, allowsColon: Bool) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { byte in
            let letter = byte | 0x20
            return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")) || isDigit(byte)
                || byte == UInt8(ascii: "_") || (allowsColon && byte == UInt8(ascii: ":"))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func needsWork(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"")
    }

    private static func isPictured(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != UInt8(ascii: "\n")) || byte == 0x7F
    }

    private static func picture(of scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard scalar.isASCII, isPictured(UInt8(scalar.value)) else { return scalar }
        return scalar.value == 0x7F ? "\u{2421}" : Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    }

    /// FNV-1a: the same in every process, so a series keeps its name across restarts.
    private static func digest(of value: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in value.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
