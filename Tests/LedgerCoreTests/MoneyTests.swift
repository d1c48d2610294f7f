import LedgerCore
import Testing

@Suite("Money")
struct MoneyTests {
    static let exact: [(text: String, attos: Int128)] = [
        ("0", 0), ("1", Money.attosPerDollar), ("-12.5", -12_500_000_000_000_000_000),
        ("0.000000000000000001", 1), ("-0.000000000000000001", -1),
        ("0.1", 100_000_000_000_000_000),
        ("18446744073709551616", 18_446_744_073_709_551_616 * Money.attosPerDollar),
        ("170141183460469231731.687303715884105727", .max),
        ("-170141183460469231731.687303715884105728", .min),
    ]

    @Test("reads and writes the same text exactly", arguments: exact)
    func roundTrip(_ text: String, _ attos: Int128) throws {
        #expect(try Money(decimal: text).attos == attos)
        #expect(Money(attos: attos).decimalText == text)
    }

    static let refused: [(text: String, error: MoneyError)] = [
        ("", .notDecimal), ("-", .notDecimal), (".", .notDecimal), (".5", .notDecimal), ("5.", .notDecimal),
        ("-.5", .notDecimal), ("+1", .notDecimal), ("1e3", .notDecimal), ("1E3", .notDecimal),
        ("1,5", .notDecimal), (" 1", .notDecimal), ("1 ", .notDecimal), ("1.2.3", .notDecimal),
        ("--1", .notDecimal), ("1-", .notDecimal), ("NaN", .notDecimal), ("Infinity", .notDecimal),
        ("0x10", .notDecimal), ("١", .notDecimal), ("1.-5", .notDecimal),
        ("0.0000000000000000001", .inexact), ("1.0000000000000000010000000000001", .inexact),
        ("170141183460469231731.687303715884105728", .overflow),
        ("-170141183460469231731.687303715884105729", .overflow),
        ("170141183460469231732", .overflow), (String(repeating: "9", count: 4_000), .overflow),
    ]

    @Test("refuses what is not a plain exact decimal in range", arguments: refused)
    func refuses(_ text: String, _ error: MoneyError) {
        #expect(throws: error) { try Money(decimal: text) }
    }

    @Test("zeros that change nothing are read, never written")
    func zeros() throws {
        for text in ["1.500", "01.5", "1.50000000000000000000000000"] {
            #expect(try Money(decimal: text).decimalText == "1.5")
        }
        #expect(try Money(decimal: "-0") == .zero)
    }

    @Test("a sum is exact or refused, and a fold's sum clamps")
    func sums() throws {
        let top = Money(attos: .max)
        let least = Money(attos: 1)
        #expect(try top.negated.adding(top) == .zero)
        #expect(throws: MoneyError.overflow) { try top.adding(least) }
        #expect(throws: MoneyError.overflow) { try Money(attos: .min).adding(least.negated) }
        #expect(top.addingClamped(least) == top)
        #expect(Money(attos: .min).addingClamped(least.negated) == Money(attos: .min))
        #expect(Money(attos: .min).negated == top)
    }

    @Test("random amounts survive the way through text")
    func randomRoundTrip() throws {
        var seed = Seed(1)
        for round in 0..<2_000 {
            let high = Int128(truncatingIfNeeded: seed.next()) << 64
            let attos = (high | Int128(truncatingIfNeeded: seed.next())) >> Int128(round % 128)
            let text = Money(attos: attos).decimalText
            #expect(try Money(decimal: text).attos == attos, "seed 1, round \(round)")
            #expect(!text.contains(".") || text.last != "0", "seed 1, round \(round)")
        }
    }
}

@Suite("DecimalText")
struct DecimalTextTests {
    @Test("no decimals means an integer", arguments: ["1.", "1.5", "."])
    func integers(_ text: String) {
        #expect(throws: MoneyError.self) { try DecimalText.parse(text.utf8, decimals: 0) }
    }

    @Test("every number of decimals writes what it reads", arguments: 0...20)
    func everyScale(_ decimals: Int) throws {
        for value: Int128 in [
            0, 1, -1, 9, 10, 99, 100, 1_000_000_000_000_000_000, -12_345_678_901_234_567_890,
        ] {
            let text = DecimalText.bytes(value, decimals: decimals)
            #expect(try DecimalText.parse(text, decimals: decimals) == value)
        }
    }
}
