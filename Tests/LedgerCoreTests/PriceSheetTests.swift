import LedgerCore
import Testing

@Suite("PriceSheet")
struct PriceSheetTests {
    private let start = Timestamp(microseconds: 0)

    private func sheet(_ rates: [(PriceSheet.Entry, String)]) throws -> PriceSheet {
        PriceSheet(
            rates: try Dictionary(
                uniqueKeysWithValues: rates.map { ($0.0, try Rate(dollarsPerMillion: $0.1)) }))
    }

    @Test("what is not listed is filled from the kind that it is charged as, in tiers and modifiers too")
    func fills() throws {
        let sheet = try sheet([
            (.init(.input), "2"), (.init(.cacheRead), "0.5"), (.init(.output), "8"),
            (.init(.input, above: 100), "4"), (.init(.input, modifier: .batch), "1"),
        ])
        let period = sheet.period(from: start, fills: [.inputAudio: .input, .cacheRead: .input])
        func text(_ bucket: UsageBucket, _ tokens: Int64, _ modifiers: Set<PriceModifier>) throws -> String? {
            try period.rate(of: bucket, inputTokens: tokens, modifiers: modifiers)?.perMillionText
        }
        #expect(try text(.inputAudio, 1, []) == "2")
        #expect(try text(.inputAudio, 101, []) == "4")
        #expect(try text(.inputAudio, 1, [.batch]) == "1")
        // Listed by itself: a modifier that does not list it leaves it alone.
        #expect(try text(.cacheRead, 1, [.batch]) == "0.5")
        #expect(try text(.output, 101, [.batch]) == "8")
        #expect(sheet.isUsable && !PriceSheet().isUsable)
    }

    @Test("a factor and the rates that it makes are no change")
    func sameInOtherWords() throws {
        let base = RateCard(rates: [
            .input: try Rate(dollarsPerMillion: "2"), .output: try Rate(dollarsPerMillion: "8"),
        ])
        let factor = PricePeriod(
            from: start, base: base, tiers: [], multipliers: [.batch: try Multiplier("0.5")])
        let rates = PricePeriod(
            from: start, base: base, tiers: [],
            adjustments: [
                .batch: .rates(
                    RateCard(rates: [
                        .input: try Rate(dollarsPerMillion: "1"), .output: try Rate(dollarsPerMillion: "4"),
                    ]), tiers: [])
            ])
        #expect(PriceChange.between(factor, rates).isEmpty)
        let other = PricePeriod(from: start, base: base, tiers: [], adjustments: [:])
        let changes = PriceChange.between(factor, other)
        #expect(changes.map(\.entry.text) == ["batch input", "batch output"])
        #expect(changes.map(\.old?.perMillionText) == ["1", "4"])
        #expect(changes.map(\.new?.perMillionText) == ["2", "8"])
        #expect(PriceSheet.Entry(.output, above: 272_000, modifier: .flex).text == "flex output above 272000")
    }
}
