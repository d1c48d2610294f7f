import LedgerCore
import Testing

@Suite("ComputePrice")
struct ComputePriceTests {
    private static func price(cpuSecond: String, gibibyteHour: String) throws -> ComputePrice {
        ComputePrice(
            from: try moment("2026-01-01T00:00:00Z"), cpuMillisecond: try Rate(dollarsPerThousand: cpuSecond),
            mebibyteSecond: try Rate(dollarsPerGibibyteHour: gibibyteHour))
    }

    @Test(
        "a cost is exact",
        arguments: [
            (1_000, 0, "0.00003"), (1, 0, "0.00000003"), (0, 3_686_400, "0.0045"),
            (0, 1, "0.000000001220703125"), (1_800_000, 1_843_200, "0.05625"), (0, 0, "0"),
        ] as [(Int64, Int64, String)])
    func exact(_ cpu: Int64, _ memory: Int64, _ expected: String) throws {
        let price = try Self.price(cpuSecond: "0.00003", gibibyteHour: "0.0045")
        #expect(try price.cost(cpuMilliseconds: cpu, mebibyteSeconds: memory) == (try usd(expected)))
    }

    @Test("the largest figures that are believed have a cost, dearer ones none")
    func range() throws {
        let price = try Self.price(cpuSecond: "1", gibibyteHour: "3.6864")
        #expect(
            try price.cost(cpuMilliseconds: Usage.countMax, mebibyteSeconds: Usage.countMax) > .zero)
        let absurd = ComputePrice(
            from: price.from, cpuMillisecond: Rate(attosPerUnit: .max), mebibyteSecond: price.mebibyteSecond)
        #expect(throws: MoneyError.overflow) { try absurd.cost(cpuMilliseconds: 2, mebibyteSeconds: 0) }
        #expect(throws: MoneyError.overflow) {
            try ComputePrice(
                from: price.from, cpuMillisecond: Rate(attosPerUnit: .max),
                mebibyteSecond: Rate(attosPerUnit: .max)
            ).cost(cpuMilliseconds: 1, mebibyteSeconds: 1)
        }
    }

    @Test("a price of memory that a mebibyte-second does not divide is refused, and the nearest is exact")
    func inexact() throws {
        #expect(throws: MoneyError.inexact) { try Rate(dollarsPerGibibyteHour: "0.005") }
        #expect(throws: MoneyError.notDecimal) { try Rate(dollarsPerGibibyteHour: "1e-3") }
        for text in ["0.005", "0.0045", "0", "0.000000000001", "123.456789"] {
            let asked = try usd(text)
            let near = try #require(Rate.exactGibibyteHour(near: asked))
            #expect(try Rate(dollarsPerGibibyteHour: near.decimalText).price(of: 3_686_400) == near)
            #expect(
                abs(near.attos - asked.attos) <= ComputePrice.mebibyteSecondsPerGibibyteHour / 2, "\(text)")
        }
        #expect(Rate.exactGibibyteHour(near: Money(attos: .max)) == nil)
    }

    @Test("the price in force is that of the moment; two from one moment are refused")
    func dates() throws {
        func price(_ from: String) throws -> ComputePrice {
            ComputePrice(
                from: try moment(from), cpuMillisecond: Rate(attosPerUnit: 1),
                mebibyteSecond: Rate(attosPerUnit: 2))
        }
        let (first, second) = (try price("2026-01-01T00:00:00Z"), try price("2026-02-01T00:00:00Z"))
        let book = try PriceBook(hash: "h", unpricedReserve: .zero, models: [], compute: [second, first])
        #expect(book.compute(at: try moment("2025-12-31T23:59:59Z")) == nil)
        #expect(book.compute(at: first.from) == first)
        #expect(book.compute(at: try moment("2026-01-31T23:59:59Z")) == first)
        #expect(book.compute(at: second.from) == second)
        #expect(try PriceBook(hash: "h", unpricedReserve: .zero, models: []).compute(at: first.from) == nil)
        #expect(throws: PriceBookError.ambiguousCompute) {
            try PriceBook(hash: "h", unpricedReserve: .zero, models: [], compute: [first, second, first])
        }
    }
}
