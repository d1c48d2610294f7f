import LedgerCore
import LedgerRuntime
import Testing

@testable import Gateway

@Suite("KernelCost")
struct KernelCostTests {
    private static func cost(_ end: KernelEnd) throws -> KernelCost {
        KernelCost(
            end, prices: try PriceBookFile.embedded(), at: Timestamp(microseconds: 1_790_000_000_000_000))
    }

    private static func used(_ models: String...) -> [KernelUsage] {
        var usage = Usage()
        usage.input = 1_000
        usage.output = 200
        return models.map { KernelUsage(provider: "anthropic", model: $0, usage: usage) }
    }

    @Test("Each model's share is priced with its own prices, and the sum is an estimate")
    func shares() throws {
        let cost = try Self.cost(KernelEnd(usage: Self.used("claude-sonnet-4-5", "claude-haiku-4-5")))
        #expect(cost.shares?.map(\.cost.decimalText) == ["0.006", "0.002"])
        #expect(cost.cost == .estimated(try Money(decimal: "0.008")))
    }

    @Test("One model without a price leaves the whole unpriced, and holds the larger of both figures")
    func unpriced() throws {
        let said = try Money(decimal: "0.5")
        let end = KernelEnd(usage: Self.used("claude-sonnet-4-5", "nobody-knows"), reportedCost: said)
        #expect(try Self.cost(end).cost == .unpriced(holding: said))
        let silent = KernelEnd(usage: Self.used("claude-sonnet-4-5", "nobody-knows"))
        #expect(try Self.cost(silent).cost == .unpriced(holding: try Money(decimal: "0.006")))
    }

    @Test("A kernel that says nothing is unpriced, never free")
    func silent() throws {
        let said = try Money(decimal: "0.25")
        let cost = try Self.cost(
            KernelEnd(failure: KernelFailure(.exit, "died"), usage: nil, reportedCost: said))
        #expect(cost.shares == nil)
        #expect(cost.cost == .unpriced(holding: said))
    }

    @Test("A kernel that never ran is known to cost nothing")
    func neverRan() throws {
        let cost = try Self.cost(KernelEnd(failure: KernelFailure(.start, "no such program")))
        #expect(cost.shares == [])
        #expect(cost.cost == .priced(.zero))
    }
}
