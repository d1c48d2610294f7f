/// Strings as JSON that is also harmless on a terminal and to whatever splits lines.
enum JSONText {
    /// Appends `text` quoted; beyond `bytesMax` bytes it is cut between two characters and ends in `…`.
    ///
    /// Escaped besides what JSON demands: DEL, C1 controls (ANSI), U+2028, U+2029 and what changes the
    /// reading direction.
    static func append(_ text: String, bytesMax: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var used = 0
        for scalar in text.unicodeScalars {
            let width = scalar.utf8.count
            guard used + width <= bytesMax else {
                bytes.append(contentsOf: "…".utf8)
                break
            }
            used += width
            append(scalar, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar.value {
        case 0x22: bytes.append(contentsOf: #"\""#.utf8)
        case 0x5C: bytes.append(contentsOf: #"\\"#.utf8)
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0x20..<0x7F: bytes.append(UInt8(scalar.value))
        case 0x00..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
            let digits = String(scalar.value, radix: 16)
            bytes.append(contentsOf: #"\u"#.utf8)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
            bytes.append(contentsOf: digits.utf8)
        default: bytes.append(contentsOf: scalar.utf8)
        }
    }
}
