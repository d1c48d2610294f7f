import EventLoop
import LedgerCore
import Testing
import Threads

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

    @Test(
        "A journal that fails in mid-run: whoever asked is told at once, the end is recorded once when it can be",
        arguments: [false, true])
    func failsMeanwhile(_ isFailOpen: Bool) throws {
        let gateway = try GatewayFixture { $0.isFailOpen = isFailOpen }
        defer { gateway.stop() }
        let told = Lock<[String]>([])
        let ended = Semaphore()
        _ = try gateway.submit("hello") { outcome in
            told.withLock { told in
                switch outcome {
                case .completed(let event, let text, _): told.append("\(event.result.rawValue) \(text)")
                case .refused(let refusal): told.append("\(refusal.status) \(refusal.code)")
                }
            }
            ended.signal()
        }
        gateway.waitStarted(1)
        gateway.files.fail(.write, errno: 28)
        gateway.kernel.runs[0].end(KernelEnd(usage: GatewayFixture.used, text: "done"))
        ended.wait()
        #expect(told.withLock { $0 } == [isFailOpen ? "ok done" : "503 unrecorded"])
        #expect(try gateway.completions().isEmpty)
        gateway.files.heal()
        gateway.close()
        #expect(try gateway.completions().map(\.result) == [.ok])
        #expect(told.withLock { $0.count } == 1)
    }

    @Test("A run whose end waits for the journal outlasts any number of tries")
    func longOutage() throws {
        let gateway = try GatewayFixture { $0.retryMilliseconds = 1 }
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        let stall = gateway.files.stallNextSync()
        _ = try gateway.submit("hello") { _ in }
        stall.arrived.wait()
        // The start is on its way to the disk; what comes after it is not.
        gateway.files.fail(.write, errno: 28)
        stall.release.signal()
        gateway.waitStarted(1)
        // More turns of the loop, a millisecond apart, than a bounded number of tries would last.
        let turns = Semaphore()
        gateway.routes.loop.post { [loop = gateway.routes.loop] in
            var left = 1_500
            var timer: LoopTimer?
            timer = LoopTimer(on: loop, after: 1, repeating: 1) {
                left -= 1
                guard left == 0 else { return }
                timer?.cancel()
                turns.signal()
            }
        }
        turns.wait()
        gateway.files.heal()
        gateway.close()
        #expect(try gateway.completions().map(\.result) == [.ok])
    }

    @Test("A call that could not settle while the journal was away settles before the end of its run")
    func callsFirst() throws {
        let gateway = try GatewayFixture {
            $0.settleMilliseconds = 1_000
            $0.retryMilliseconds = 1
        }
        defer { gateway.stop() }
        let ended = Semaphore()
        _ = try gateway.submit("hello") { _ in ended.signal() }
        gateway.waitStarted(1)
        let kernel = gateway.kernel.runs[0]
        let call = CallIdentity(
            callID: UniqueID(bits: 7), user: kernel.task.user, source: "proxy", provider: "anthropic",
            model: "claude-sonnet-4-5", api: "messages", dispatchID: kernel.task.dispatchID.text)
        let held = Estimate(cost: try Money(decimal: "0.5"), tokens: 100)
        try gateway.ask(.reserve(call, held, priceBook: "b", isPriced: true))
        gateway.files.fail(.write, errno: 28)
        kernel.end(KernelEnd(usage: GatewayFixture.used))
        ended.wait()
        gateway.files.heal()
        // Long enough for the end of the run to be first, if it did not wait for the call.
        while gateway.ledger.read({ $0.journal.failure }) != nil {
            try gateway.ask(.expire(UniqueID(bits: 8), .restart))
        }
        let later = Semaphore()
        gateway.routes.loop.post { [loop = gateway.routes.loop] in
            _ = LoopTimer(on: loop, after: 50) { later.signal() }
        }
        later.wait()
        let settled = CallSettled(
            call: call, result: .ok, status: 200, usage: Usage(), usageSource: .providerFinal,
            cost: .priced(try Money(decimal: "0.25")), priceBook: "b", durationMilliseconds: 1)
        try gateway.ask(.settle(settled))
        gateway.close()
        #expect(try gateway.completions().map(\.cost) == [.priced(try Money(decimal: "0.25"))])
    }

    @Test("A kernel whose figures cannot be true has an end all the same, its cost unknown")
    func implausible() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        var usage = Usage()
        usage.input = .max
        let used = [KernelUsage(provider: "anthropic", model: "claude-sonnet-4-5", usage: usage)]
        gateway.kernel.always(KernelEnd(usage: used, reportedCost: Money(attos: -1)))
        let answer = try gateway.message("hello")
        #expect(answer.status == 200)
        let event = try #require(try gateway.completions().first)
        #expect(event.cost == .unpriced(holding: .zero))
        #expect(event.reportedCost == nil)
        #expect(event.usage == Usage())
    }

    @Test("A messages run whose calls are in another ledger is of unknown cost, never free")
    func callsElsewhere() throws {
        let gateway = try GatewayFixture { $0.isProxied = true }
        defer { gateway.stop() }
        gateway.kernel.alwaysProxied()
        gateway.kernel.always(KernelEnd(text: "done"))
        let answer = try gateway.message("hello")
        #expect(answer.text.contains(#""costUsd":null"#))
        let event = try #require(try gateway.completions().first)
        #expect(event.billing == .proxied)
        #expect(event.cost == .unpriced(holding: .zero))
    }

    @Test("A messages run that made no call of this ledger cost nothing")
    func noCalls() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        gateway.kernel.alwaysProxied()
        gateway.kernel.always(KernelEnd(failure: KernelFailure(.quota, "used up")))
        #expect(try gateway.message("hello").text.contains(#""costUsd":0,"#))
    }
}
