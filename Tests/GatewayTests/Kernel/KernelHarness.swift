import EventLoop
import Foundation
import Gateway
import HTTP
import HTTPClient
import LedgerCore
import Lifecycle

/// Kernels on a loop of their own, asked from a test's thread.
// SAFETY: the loop is started once; what it owns is touched on its thread only.
final class KernelHarness: @unchecked Sendable {
    /// What came of one run.
    struct Outcome: Sendable {
        var events: [KernelEvent] = []
        var ends: [KernelEnd] = []

        var end: KernelEnd { ends.first ?? KernelEnd() }
        var code: KernelFailure.Code? { end.failure?.code }
        var message: String { end.failure?.message ?? "" }
        var text: String {
            events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
        }
    }

    let loop: EventLoop
    let folder: URL
    private var client: HTTPClient?
    private var kernels: [any Kernel] = []

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        loop = try EventLoop()
        client = try HTTPClient(loop: loop)
        try loop.start(named: "kernel-test")
        // As in the house: the loop's thread has signals blocked.
        loop.post { _ = Signals() }
    }

    /// A task of alice's.
    static func task(
        _ text: String = "hello", session: String = "s-1", model: String? = nil,
        proxyURL: String = "http://127.0.0.1:9", trace: TraceParent? = nil
    ) -> KernelTask {
        KernelTask(
            dispatchID: UniqueID(bits: 0x0193_0000_0000_7000_8000_0000_0000_0001),
            user: UserID("alice") ?? alice, sessionID: session, text: text, model: model,
            proxyURL: proxyURL, key: "sk-proxy-alice.secret", trace: trace)
    }

    private static var alice: UserID { preconditionFailure("alice is a user's name") }

    /// Makes a kernel, once for any number of runs.
    func makeKernel(_ make: @escaping @Sendable (EventLoop, HTTPClient) -> any Kernel) async -> Int {
        await withCheckedContinuation { done in
            loop.post { [self] in
                guard let client else { preconditionFailure("the harness is closed") }
                kernels.append(make(loop, client))
                done.resume(returning: kernels.count - 1)
            }
        }
    }

    /// Runs a task to its end; `onEvent` sees the run.
    func run(
        _ kernel: Int, _ task: KernelTask,
        onEvent: @escaping @Sendable (KernelEvent, any KernelRun) -> Void = { _, _ in }
    ) async -> Outcome {
        await withCheckedContinuation { done in
            loop.post { [self] in
                let outcome = Held(Outcome())
                let run = Held<(any KernelRun)?>(nil)
                run.value = kernels[kernel].start(
                    task,
                    KernelHandlers(
                        onEvent: { event in
                            outcome.value.events.append(event)
                            if let run = run.value { onEvent(event, run) }
                        },
                        onEnd: { end in
                            outcome.value.ends.append(end)
                            run.value = nil
                            done.resume(returning: outcome.value)
                        }))
                precondition(outcome.value.ends.isEmpty, "a run never ends inside its start")
            }
        }
    }

    /// Runs a Python program as a `command:` kernel.
    func python(
        _ program: String, task: KernelTask = task(), limits: KernelLimits = limits,
        onEvent: @escaping @Sendable (KernelEvent, any KernelRun) -> Void = { _, _ in }
    ) async throws -> Outcome {
        let file = folder.appendingPathComponent("kernel-\(UUID().uuidString).py")
        try Self.prelude.appending(program).write(to: file, atomically: true, encoding: .utf8)
        let kernel = await makeKernel { loop, _ in
            CommandKernel(
                on: loop, command: ["python3", "-S", file.path], inherited: ["PATH": "/usr/bin:/bin"],
                limits: limits)
        }
        return await run(kernel, task, onEvent: onEvent)
    }

    /// Limits with short waits.
    static var limits: KernelLimits {
        var limits = KernelLimits()
        limits.idleTimeoutMilliseconds = 10_000
        limits.lingerMilliseconds = 200
        limits.stopGraceMilliseconds = 300
        return limits
    }

    /// `say` prints a record, `result` a good one.
    static let prelude = """
        import json, os, signal, sys, time
        def say(**record): print(json.dumps(record), flush=True)
        def result(**more): say(**({"type": "result", "subtype": "success", "is_error": False,
            "result": "done", "total_cost_usd": 0.25,
            "modelUsage": {"claude-x": {"inputTokens": 10, "outputTokens": 5}}} | more))
        def pid():
            say(type="assistant", message={"id": "m", "content": [{"type": "text", "text": str(os.getpid())}]})

        """

    /// Waits for the loop's end, which comes only when no handle is left.
    func close() {
        loop.post { [self] in
            kernels = []
            client?.close()
            client = nil
        }
        loop.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Whether the system knows no such process any more.
    static func isGone(_ pid: String) -> Bool {
        Int(pid) != nil && !FileManager.default.fileExists(atPath: "/proc/\(pid)")
    }
}

/// A value that closures on one thread share.
// SAFETY: touched on the loop's thread only.
final class Held<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}
