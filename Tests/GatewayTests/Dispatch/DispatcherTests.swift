import LedgerCore
import Synchronization
import Testing
import Threads

@testable import Gateway

@Suite("Dispatcher")
struct DispatcherTests {
    @Test("The start is durable before the kernel starts, and the end always follows")
    func order() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        let stall = gateway.files.stallNextSync()
        let ended = Semaphore()
        _ = try gateway.submit("hello") { _ in ended.signal() }
        stall.arrived.wait()
        #expect(gateway.kernel.runs.isEmpty)
        stall.release.signal()
        gateway.waitStarted(1)
        #expect(try gateway.events().map(\.type).last == .dispatchStarted)
        gateway.kernel.runs[0].end(KernelEnd(usage: GatewayFixture.used))
        ended.wait()
        #expect(try gateway.events().map(\.type).suffix(2) == [.dispatchStarted, .dispatchCompleted])
    }

    @Test("What happens in the run is told, its text kept whole, its tools recorded")
    func progress() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        let outcome = Lock<DispatchOutcome?>(nil)
        let ended = Semaphore()
        let run = try gateway.submit("hello") { end in
            outcome.withLock { $0 = end }
            ended.signal()
        }
        gateway.waitStarted(1)
        let kernel = gateway.kernel.runs[0]
        kernel.happen(.ready(model: "claude-sonnet-4-5"))
        kernel.happen(.text("one "))
        kernel.happen(.tool(name: "Bash", input: #"{"command":"ls"}"#))
        kernel.happen(.text("two"))
        kernel.end(KernelEnd(usage: GatewayFixture.used))
        ended.wait()
        #expect(
            run.events == [
                .ready(model: "claude-sonnet-4-5"), .text("one "),
                .tool(name: "Bash", input: #"{"command":"ls"}"#), .text("two"),
            ])
        guard case .completed(let event, let text, let message)? = outcome.withLock({ $0 }) else {
            Issue.record("it did not complete")
            return
        }
        #expect(text == "one two")
        #expect(message == nil)
        #expect(event.toolsUsed == ["Bash"])
        #expect(event.toolInputs == [#"{"command":"ls"}"#])
        #expect(event.cost == .estimated(try Money(decimal: "0.006")))
        #expect(event.billing == .direct)
        #expect(try gateway.completions() == [event])
    }

    @Test("No more kernels run than may, no more messages wait than may, one more is refused by an event")
    func limits() throws {
        let gateway = try GatewayFixture {
            $0.concurrency = 2
            $0.queueMax = 3
        }
        defer { gateway.stop() }
        let refused = Lock<[DispatchRefused]>([])
        let ended = Semaphore()
        for _ in 1...6 {
            _ = try gateway.submit("hello") { outcome in
                if case .refused(let refusal) = outcome { refused.withLock { $0.append(refusal) } }
                ended.signal()
            }
        }
        ended.wait()
        #expect(refused.withLock { $0.map(\.code) } == ["queue_full"])
        #expect(refused.withLock { $0.map(\.status) } == [503])
        gateway.waitStarted(2)
        #expect(gateway.kernel.runs.count == 2)
        #expect(try gateway.samples("gateway_dispatch_queue_depth") == ["gateway_dispatch_queue_depth 3"])
        for index in 0..<5 {
            gateway.waitStarted(index + 1)
            gateway.kernel.runs[index].end(KernelEnd(usage: []))
            ended.wait()
        }
        #expect(try gateway.completions().count == 5)
        #expect(try gateway.events().filter { $0.type == .dispatchRejected }.count == 1)
        #expect(try gateway.samples("gateway_dispatch_queue_depth") == ["gateway_dispatch_queue_depth 0"])
    }

    @Test("A run that waits is taken back by an event, and never starts")
    func takenBack() throws {
        let gateway = try GatewayFixture { $0.concurrency = 1 }
        defer { gateway.stop() }
        _ = try gateway.submit("first") { _ in }
        gateway.waitStarted(1)
        let ended = Semaphore()
        let second = try gateway.submit("second") { _ in ended.signal() }
        second.abort()
        ended.wait()
        guard case .dispatchRejected(let event)? = try gateway.events().last else {
            Issue.record("no rejection")
            return
        }
        #expect(event.reason == .aborted)
        #expect(gateway.kernel.runs.count == 1)
    }

    @Test("A kernel that does not end when told to loses its slot, and its run has an end")
    func deaf() throws {
        let gateway = try GatewayFixture { $0.concurrency = 1 }
        defer { gateway.stop() }
        gateway.kernel.ignoreStops()
        let ended = Semaphore()
        let run = try gateway.submit("first") { _ in ended.signal() }
        gateway.waitStarted(1)
        run.abort()
        ended.wait()
        _ = try gateway.submit("second") { _ in }
        gateway.waitStarted(2)
        #expect(gateway.kernel.runs[0].stops.load(ordering: .relaxed) == 1)
        #expect(try gateway.completions().map(\.result) == [.aborted])
    }

    @Test("A run stopped between its start's record and its kernel ends without one")
    func stoppedWhileStarting() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        let stall = gateway.files.stallNextSync()
        let ended = Semaphore()
        let run = try gateway.submit("hello") { _ in ended.signal() }
        stall.arrived.wait()
        run.abort()
        // Posted behind the abort: once it has run, the abort has too.
        let seen = Semaphore()
        gateway.routes.loop.post { seen.signal() }
        seen.wait()
        stall.release.signal()
        ended.wait()
        #expect(gateway.kernel.runs.isEmpty)
        let event = try #require(try gateway.completions().first)
        #expect(event.result == .aborted)
        #expect(event.cost == .priced(.zero))
    }

    @Test("A deadline ends a run that runs and one that waits")
    func deadline() throws {
        let gateway = try GatewayFixture {
            $0.concurrency = 1
            $0.deadlineMilliseconds = 150
        }
        defer { gateway.stop() }
        let ended = Semaphore()
        _ = try gateway.submit("runs") { _ in ended.signal() }
        _ = try gateway.submit("waits") { _ in ended.signal() }
        ended.wait()
        ended.wait()
        let completed = try gateway.completions()
        #expect(completed.contains { $0.result == .error && $0.reason == "deadline" })
    }

    @Test("A shutdown refuses what waits and stops what runs; all of it is recorded")
    func shutdown() throws {
        let gateway = try GatewayFixture { $0.concurrency = 1 }
        defer { gateway.stop() }
        for text in ["runs", "waits"] { _ = try gateway.submit(text) { _ in } }
        gateway.waitStarted(1)
        gateway.close()
        #expect(try gateway.completions().map(\.reason) == ["shutdown"])
        let rejected = try gateway.events().compactMap {
            if case .dispatchRejected(let event) = $0 { event.reason } else { nil }
        }
        #expect(rejected == [.shutdown])
    }

    @Test("Whoever asked is let go of when the run has ended, however it ends", arguments: [true, false])
    func letsGo(_ isTakenBack: Bool) throws {
        final class Asker: Sendable { let told = Semaphore() }
        let gateway = try GatewayFixture { $0.concurrency = 1 }
        defer { gateway.stop() }
        if isTakenBack {
            _ = try gateway.submit("first") { _ in }
            gateway.waitStarted(1)
        }
        weak var watched: Asker?
        let run: SubmittedRun
        do {
            let asker = Asker()
            watched = asker
            run = try gateway.submit("hello") { _ in asker.told.signal() }
            if isTakenBack {
                run.abort()
            } else {
                gateway.waitStarted(1)
                gateway.kernel.runs[0].end(KernelEnd(usage: []))
            }
            asker.told.wait()
        }
        let turned = Semaphore()
        gateway.routes.loop.post { turned.signal() }
        turned.wait()
        #expect(watched == nil)
        #expect(run.handle != nil)
    }

    @Test("The answer that is kept is bounded")
    func boundedText() throws {
        let gateway = try GatewayFixture { $0.textBytesMax = 10 }
        defer { gateway.stop() }
        let kept = Lock("")
        let ended = Semaphore()
        _ = try gateway.submit("hello") { outcome in
            if case .completed(_, let text, _) = outcome { kept.withLock { $0 = text } }
            ended.signal()
        }
        gateway.waitStarted(1)
        for _ in 1...100 { gateway.kernel.runs[0].happen(.text("12345")) }
        gateway.kernel.runs[0].end(KernelEnd(usage: []))
        ended.wait()
        #expect(kept.withLock { $0 } == "1234512345")
    }
}
