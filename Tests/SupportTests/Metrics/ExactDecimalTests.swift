import Metrics
import Testing

@Suite("ExactDecimal")
struct ExactDecimalTests {
    static let texts: [(String, String)] = [
        ("0", "0"), ("0.0123", "0.0123"), ("-0.5", "-0.5"), ("12.3400", "12.34"), ("007", "7"), ("-0", "0"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
    ]

    @Test("reads and writes plain decimals without changing a digit", arguments: texts)
    func readsAndWrites(_ text: String, _ written: String) throws {
        let value = try #require(ExactDecimal(text))
        var bytes: [UInt8] = []
        value.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == written)
    }

    static let refused = [
        "", "-", ".", "1.", ".5", "1e3", " 1", "+1", "1.2.3", "NaN", "0.0000000000000000001", "１",
        String(repeating: "9", count: 40),
    ]

    @Test("refuses anything else", arguments: refused)
    func refuses(_ text: String) { #expect(ExactDecimal(text) == nil) }

    @Test("stays at the end of its range")
    func staysInRange() {
        let most = ExactDecimal(attos: .max)
        #expect(most.saturatingAdd(ExactDecimal(attos: 1)) == most)
        let least = ExactDecimal(attos: .min)
        #expect(least.saturatingAdd(ExactDecimal(attos: -1)) == least)
        var bytes: [UInt8] = []
        least.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "-170141183460469231731.687303715884105728")
    }
}
