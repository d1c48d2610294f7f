import EventLoop
import LedgerCore
import Testing
import Threads

@testable import Gateway

@Suite("MissingKernel")
struct MissingKernelTests {
    @Test("Each run ends at once, and says what to set")
    func end() throws {
        let gateway = try GatewayFixture(hasKernel: false)
        defer { gateway.stop() }
        let answer = try gateway.message("hello")
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""reason":"kernel_start""#))
        #expect(answer.text.contains("LEDGER_KERNEL"))
        let event = try #require(try gateway.completions().first)
        #expect(event.cost == .priced(.zero))
        #expect(event.dispatch.kernel == "none")
    }
}
