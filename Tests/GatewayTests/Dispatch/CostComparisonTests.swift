import LedgerCore
import Testing

@testable import Gateway

@Suite("CostComparison")
struct CostComparisonTests {
    @Test(
        "A kernel's figure may be a hundredth off, and no more",
        arguments: [
            ("0.006", false), ("0.00606", false), ("0.006061", true), ("0.00594", false), ("0.005939", true),
            ("0", true), ("17", true),
        ])
    func differs(_ reported: String, _ isDifferent: Bool) throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        gateway.kernel.always(
            KernelEnd(usage: GatewayFixture.used, reportedCost: try Money(decimal: reported)))
        #expect(try gateway.message("hello").status == 200)
        let event = try #require(try gateway.completions().first)
        #expect(CostComparison.differs(event) == isDifferent)
        #expect(
            try gateway.samples("gateway_reported_cost_differences_total")
                == ["gateway_reported_cost_differences_total \(isDifferent ? 1 : 0)"])
    }

    @Test("What is not known is not compared")
    func unknown() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        _ = try gateway.message("hello")
        gateway.kernel.always(KernelEnd(usage: nil, reportedCost: try Money(decimal: "1")))
        _ = try gateway.message("hello")
        #expect(try gateway.completions().map(CostComparison.differs) == [false, false])
    }
}
