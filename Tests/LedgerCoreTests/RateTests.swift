import LedgerCore
import Testing

@Suite("Rate")
struct RateTests {
    @Test("a price for a million or a thousand is exact for one")
    func scales() throws {
        #expect(try Rate(dollarsPerMillion: "3").attosPerUnit == 3_000_000_000_000)
        #expect(try Rate(dollarsPerMillion: "0.000000000001").attosPerUnit == 1)
        #expect(try Rate(dollarsPerThousand: "10").attosPerUnit == 10_000_000_000_000_000)
        #expect(try Rate(dollarsPerThousand: "0.000000000000001").attosPerUnit == 1)
        #expect(throws: MoneyError.inexact) { try Rate(dollarsPerMillion: "0.08333333333333334") }
        #expect(throws: MoneyError.inexact) { try Rate(dollarsPerThousand: "0.0000000000000001") }
    }

    @Test("a price of many units is exact or refused")
    func prices() throws {
        let rate = try Rate(dollarsPerMillion: "0.0375")
        #expect(try rate.price(of: 1_000_000) == usd("0.0375"))
        #expect(try rate.price(of: 2) == usd("0.000000075"))
        #expect(try rate.price(of: 0) == .zero)
        #expect(try Rate(attosPerUnit: 1).price(of: .max) == Money(attos: Int128(Int64.max)))
        #expect(throws: MoneyError.overflow) { try Rate(attosPerUnit: .max).price(of: 2) }
    }

    @Test("a factor keeps a rate exact or is refused")
    func factors() throws {
        let rate = try Rate(dollarsPerMillion: "2.5")
        #expect(try rate.times(Multiplier("0.5")) == Rate(dollarsPerMillion: "1.25"))
        #expect(try rate.times(Multiplier("1.1")) == Rate(dollarsPerMillion: "2.75"))
        #expect(throws: MoneyError.inexact) { try Rate(attosPerUnit: 1).times(Multiplier("0.5")) }
        #expect(throws: MoneyError.overflow) { try Rate(attosPerUnit: .max).times(Multiplier("1")) }
    }

    static let refused: [(text: String, error: MoneyError)] = [
        ("-1", .overflow), ("0.0000001", .inexact), ("9223372036855", .overflow), ("x", .notDecimal),
    ]

    @Test("a factor is a plain decimal, not negative, to a millionth", arguments: refused)
    func refusedFactors(_ text: String, _ error: MoneyError) {
        #expect(throws: error) { try Multiplier(text) }
    }
}
