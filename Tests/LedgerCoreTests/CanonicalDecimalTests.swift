import Testing

@testable import LedgerCore

@Suite("DecimalText in its one form")
struct CanonicalDecimalTests {
    private static func canonical(_ text: String, decimals: Int = 18) -> Int128? {
        Array(text.utf8).withUnsafeBytes { DecimalText.canonical($0, decimals: decimals) }
    }

    @Test(
        "reads back what it writes",
        arguments: [
            0, 1, -1, 10, 999_999_999_999_999_999, 1_000_000_000_000_000_000, -12_500_000_000_000_000_000,
            123_456_789_012_345_678_901_234_567, .max, .min,
        ] as [Int128])
    func roundTrip(_ value: Int128) {
        for decimals in [0, 18] {
            let text = String(decoding: DecimalText.bytes(value, decimals: decimals), as: UTF8.self)
            #expect(Self.canonical(text, decimals: decimals) == value, "\(text)")
        }
    }

    @Test(
        "refuses every other text of a number",
        arguments: [
            "", "-", ".", "-.", ".5", "5.", "-.5", "00", "01", "-0", "-00", "1.0", "0.10", "0.0", "-0.0",
            "1.5.2",
            "1-2", "--1", "+1", "1e3", " 1", "1 ", "000000000000000000001", "1.0000000000000000000",
            "0.1234567890123456789",
        ])
    func refuses(_ text: String) { #expect(Self.canonical(text) == nil) }

    @Test("refuses a point where none belongs")
    func noPoint() {
        #expect(Self.canonical("1.5", decimals: 0) == nil)
        #expect(Self.canonical("1", decimals: 0) == 1)
    }
}
