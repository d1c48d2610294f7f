/// Replaces halves of surrogate pairs in JSON escapes by the replacement character.
///
/// `JSON.stringify` writes them where a text was cut inside a character; no JSON parser that minds UTF-8
/// takes them.
enum SurrogateRepair {
    /// The text with each lone half replaced; nil when there is none, or the bytes are not UTF-8 themselves.
    static func repaired(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var bytes = Array(text)
        var isRepaired = false
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            guard let unit = unit(in: bytes, at: index) else {
                index += 2
                continue
            }
            let isPair =
                (0xD800...0xDBFF).contains(unit)
                && self.unit(in: bytes, at: index + 6).map { (0xDC00...0xDFFF).contains($0) } ?? false
            if isPair {
                index += 12
                continue
            }
            if (0xD800...0xDFFF).contains(unit) {
                bytes.replaceSubrange(index..<(index + 6), with: "\\ufffd".utf8)
                isRepaired = true
            }
            index += 6
        }
        return isRepaired ? bytes : nil
    }

    /// The UTF-16 unit that the escape at `index` stands for, if there is one.
    private static func unit(in bytes: [UInt8], at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt16(String(decoding: bytes[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
    }
}
