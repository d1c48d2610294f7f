import LedgerCore
import Testing

@Suite("ScientificNumber")
struct ScientificNumberTests {
    static let plain: [(String, String)] = [
        ("1.5e-07", "0.00000015"), ("3e-7", "0.0000003"), ("2.75E-07", "0.000000275"), ("1e0", "1"),
        ("12.5e1", "125"), ("1.25e1", "12.5"), ("1.25e+3", "1250"), ("123e-2", "1.23"), ("0.5", "0.5"),
        ("5", "5"), ("0.0e-3", "0.0000"), ("-1e-3", "-0.001"), ("100e-2", "1.00"),
        ("8.333333333333334e-08", "0.00000008333333333333334"),
        ("1e-40", "0." + String(repeating: "0", count: 39) + "1"),
    ]

    @Test("an exponent moves the point and changes no digit", arguments: plain)
    func movesThePoint(_ test: (String, String)) {
        #expect(ScientificNumber.plain(test.0) == test.1)
    }

    @Test(
        "no number of sensible size is none",
        arguments: ["1e41", "1e", "e5", "1e5e5", "1.e5x", "1e-999999999999"])
    func refuses(_ text: String) { #expect(ScientificNumber.plain(text) == nil) }

    @Test("a price for one token is the price for a million, a million times smaller")
    func exact() throws {
        let plain = try #require(ScientificNumber.plain("1.5e-07"))
        let rate = Rate(attosPerUnit: try DecimalText.parse(plain.utf8, decimals: 18))
        #expect(rate == (try Rate(dollarsPerMillion: "0.15")))
        #expect(rate.perMillionText == "0.15")
        #expect(try Rate(dollarsPerThousand: "10").perThousandText == "10")
    }
}
