/// Base64 with the standard alphabet of RFC 4648 §4, padded.
package enum Base64 {
    private static let alphabet = [UInt8](
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Four characters for three bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes[...]
        while !rest.isEmpty {
            let group = rest.prefix(3)
            rest = rest.dropFirst(3)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < group.count ? UInt32(group[group.startIndex + index]) : 0)
            }
            for index in 0..<4 {
                let isPadding = index > group.count
                text.append(
                    isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether `text` encodes exactly `count` bytes, its last spare bits aside.
    package static func isEncoding(_ text: String, ofBytes count: Int) -> Bool {
        let padding = (3 - count % 3) % 3
        let digits = text.utf8.dropLast(padding)
        return text.utf8.count == (count + 2) / 3 * 4
            && text.utf8.suffix(padding).allSatisfy { $0 == UInt8(ascii: "=") }
            && digits.allSatisfy(alphabet.contains)
    }
}
