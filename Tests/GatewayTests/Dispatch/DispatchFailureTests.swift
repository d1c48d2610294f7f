import LedgerCore
import Testing

@testable import Gateway

/// A journal that cannot be written: LEDGER_FAIL says what happens to runs.
@Suite("Runs without a journal")
struct DispatchFailureTests {
    @Test("Closed: the run is refused with 503 and nothing starts", arguments: Transport.allCases)
    func closed(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        gateway.files.fail(.write, errno: 28)
        let answer = try gateway.message("hello")
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(answer.text.contains("/problems/dispatch-unavailable"))
        #expect(gateway.kernel.runs.isEmpty)
        gateway.files.heal()
    }

    @Test("Open: the run goes on, unrecorded and counted", arguments: Transport.allCases)
    func open(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport) { $0.isFailOpen = true }
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used, text: "done"))
        gateway.files.fail(.write, errno: 28)
        let answer = try gateway.message("hello")
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""result":"ok""#))
        #expect(answer.text.contains(#""text":"done""#))
        #expect(
            try gateway.samples("gateway_unrecorded_dispatches_total")
                == ["gateway_unrecorded_dispatches_total 1"])
        gateway.files.heal()
    }

    @Test("Open: a journal that fails in mid-run does not break the run; its end is recorded when it can be")
    func failsMeanwhile() throws {
        let gateway = try GatewayFixture { $0.isFailOpen = true }
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used, text: "done"))
        let stall = gateway.files.stallNextSync()
        let run = try gateway.submit("hello") { _ in }
        stall.arrived.wait()
        stall.release.signal()
        _ = run
        gateway.waitStarted(1)
        gateway.close()
        #expect(try gateway.completions().map(\.result) == [.ok])
    }
}
