import EventLoop
import Foundation
import HTTP
import LedgerCore
import LedgerRuntime
import Logging
import TestSupport
import Testing
import Threads

@testable import Gateway

/// The real gateway and a real ledger before a scripted kernel; everything gone at the end.
// SAFETY: `service` is touched on the loop's thread only, once that runs.
final class GatewayFixture: @unchecked Sendable {
    let files = FailingFileSystem()
    let ledger: Ledger
    let kernel: ScriptedKernel
    let routes: GatewayRoutesFixture
    let service: GatewayService
    private let home: String

    init(
        _ transport: Transport = .socket, hasKernel: Bool = true,
        _ change: (inout DispatcherConfiguration) -> Void = { _ in }
    ) throws {
        home = NSTemporaryDirectory() + "/gateway-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        var settings = LedgerConfiguration(
            home: home, origin: "here",
            now: { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) },
            monotonicNanoseconds: { DispatchTime.now().uptimeNanoseconds })
        settings.files = files
        settings.reopenPauseMilliseconds = 5
        let ledger = try Ledger(
            settings, prices: try PriceBookFile.embedded(), pricesSource: "test", log: .silent)
        self.ledger = ledger
        var dispatch = DispatcherConfiguration(
            proxyURL: "http://127.0.0.1:1", keySecret: GatewayRoutesFixture.secret)
        dispatch.stopMilliseconds = 200
        change(&dispatch)
        var parts: (kernel: ScriptedKernel, service: GatewayService)?
        routes = try GatewayRoutesFixture(transport) { shell, loop, set in
            let kernel = ScriptedKernel(loop: loop)
            let service = try GatewayService(
                loop: loop, ledger: ledger, kernel: hasKernel ? kernel : MissingKernel(loop: loop),
                configuration: GatewayConfiguration(
                    dispatch: dispatch, adminToken: GatewayRoutesFixture.adminToken),
                shell: shell, set: set, log: .silent)
            parts = (kernel, service)
        }
        (kernel, service) = try #require(parts)
        // Answered behind what the start itself records.
        try ask(.removeQuota(try #require(UserID("nobody")), actor: "test"))
    }

    /// Stops the runs, the ledger, the server and the loop, in this order.
    func stop() {
        close()
        service.close()
        // The ledger first: its last answers go to the loop.
        ledger.close()
        routes.stop()
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Ends what runs, as a shutdown does, and waits until all is recorded.
    func close() {
        let done = Semaphore()
        routes.loop.post { [self] in
            service.dispatcher.drain(graceMilliseconds: 0, kernelsEnded: {}, then: { done.signal() })
        }
        done.wait()
    }

    /// Asks for a run as `user`, and waits for its answer.
    func message(
        _ text: String, user: String = "ann", fields: String = ""
    ) throws -> GatewayRoutesFixture.Answer {
        try routes.send(
            "POST", "/api/message", try GatewayRoutesFixture.asUser(user), #"{"text":"\#(text)"\#(fields)}"#)
    }

    /// Submits a run on the loop; its outcome is told to `onEnd`.
    func submit(
        _ text: String, user: String = "ann", onEnd: @escaping @Sendable (DispatchOutcome) -> Void
    ) throws -> SubmittedRun {
        let user = try #require(UserID(user))
        let submitted = SubmittedRun(loop: routes.loop)
        let done = Semaphore()
        routes.loop.post { [self] in
            submitted.handle = service.dispatcher.submit(
                DispatchRequest(user: user, source: "api", text: text),
                DispatchHandlers(onEvent: { submitted.note($0) }, onEnd: onEnd))
            done.signal()
        }
        done.wait()
        return submitted
    }

    /// Waits until so many kernels have started.
    func waitStarted(_ count: Int) {
        while kernel.runs.count < count { _ = kernel.started.wait(timeoutMilliseconds: 10_000) }
    }

    /// Every event on disk, the chain checked.
    func events() throws -> [Event] {
        var events: [Event] = []
        let configuration = ledger.configuration
        try Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin).run {
            events.append($0.event)
        }
        return events
    }

    /// The ends of runs on disk.
    func completions() throws -> [DispatchCompleted] {
        try events().compactMap { if case .dispatchCompleted(let event) = $0 { event } else { nil } }
    }

    /// Asks the ledger directly and waits.
    func ask(_ command: Command) throws {
        let done = Semaphore()
        ledger.submit(command) { _ in done.signal() }
        done.wait()
    }

    /// The samples of `/metrics` that start with `name`.
    func samples(_ name: String) throws -> [String] {
        try routes.send("GET", "/metrics").text.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ")
        }
    }

    /// A usage of one model: 1,000 tokens in, 200 out; $0.006 with claude-sonnet-4-5.
    static let used: [KernelUsage] = {
        var usage = Usage()
        usage.input = 1_000
        usage.output = 200
        return [KernelUsage(provider: "anthropic", model: "claude-sonnet-4-5", usage: usage)]
    }()
}

/// A run in a test's hand.
// SAFETY: `handle` is touched on the loop's thread only; the events are behind a lock.
final class SubmittedRun: @unchecked Sendable {
    private let loop: EventLoop
    fileprivate(set) var handle: (any DispatchHandle)?
    private let noted = Lock<[DispatchProgress]>([])

    fileprivate init(loop: EventLoop) { self.loop = loop }

    fileprivate func note(_ event: DispatchProgress) { noted.withLock { $0.append(event) } }

    var events: [DispatchProgress] { noted.withLock { $0 } }

    func abort() { loop.post { [self] in handle?.abort() } }
}
