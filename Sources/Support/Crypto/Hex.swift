/// Lower-case hexadecimal.
package enum Hex {
    /// Two digits a byte.
    package static func encode(_ bytes: [UInt8]) -> String {
        var digits = [UInt8](repeating: 0, count: 2 * bytes.count)
        bytes.withUnsafeBytes { source in digits.withUnsafeMutableBytes { encode(source, into: $0) } }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Writes two digits a byte; `digits` holds exactly twice the bytes.
    package static func encode(_ bytes: UnsafeRawBufferPointer, into digits: UnsafeMutableRawBufferPointer) {
        precondition(digits.count == 2 * bytes.count, "two digits a byte")
        for index in 0..<bytes.count {
            digits[2 * index] = digit(bytes[index] >> 4)
            digits[2 * index + 1] = digit(bytes[index] & 15)
        }
    }

    /// Reads two lower-case digits a byte; false when any is not one, with the bytes then unspecified.
    package static func decode(
        _ digits: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard digits.count == 2 * bytes.count else { return false }
        // No branch on the data: wrong digits are collected and judged once, at the end.
        var wrong: UInt8 = 0
        for index in 0..<bytes.count {
            let high = value(digits[2 * index])
            let low = value(digits[2 * index + 1])
            wrong |= high | low
            bytes[index] = high << 4 | low & 15
        }
        return wrong & 0xF0 == 0
    }

    /// Reads two lower-case digits a byte.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = [UInt8](text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes = [UInt8](repeating: 0, count: digits.count / 2)
        let valid = digits.withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes { decode(source, into: $0) }
        }
        return valid ? bytes : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value &+ (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
    }

    /// 0 to 15, or a value with high bits set.
    private static func value(_ digit: UInt8) -> UInt8 {
        let number = digit &- UInt8(ascii: "0")
        let letter = digit &- UInt8(ascii: "a")
        return number < 10 ? number : letter < 6 ? letter &+ 10 : 0xFF
    }
}
