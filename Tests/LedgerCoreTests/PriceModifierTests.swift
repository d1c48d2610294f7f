import LedgerCore
import Testing

@Suite("PriceModifier")
struct PriceModifierTests {
    static let tiers: [(String?, Set<PriceModifier>)] = [
        (nil, []), ("standard", []), ("default", []), ("batch", [.batch]), ("flex", [.flex]),
        ("priority", [.priority]), ("fast", [.priority]), ("ultrafast", [.priority]),
    ]

    @Test("a tier is what the provider's word for it says", arguments: tiers)
    func tier(_ word: String?, _ modifiers: Set<PriceModifier>) {
        #expect(PriceModifier.ofAnswer(serviceTier: word, speed: nil, inferenceGeo: nil) == modifiers)
    }

    @Test("speed and place add to the tier")
    func together() {
        let all = PriceModifier.ofAnswer(serviceTier: "batch", speed: "fast", inferenceGeo: "us")
        #expect(all == [.batch, .fast, .geoUs])
        let none = PriceModifier.ofAnswer(serviceTier: nil, speed: "standard", inferenceGeo: "global")
        #expect(none.isEmpty)
    }
}
