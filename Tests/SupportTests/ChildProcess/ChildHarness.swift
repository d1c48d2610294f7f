import ChildProcess
import EventLoop
import Foundation
import Lifecycle

/// Child processes on a loop of its own, asked from a test's thread.
// SAFETY: the loop is started once; what it owns is touched on its thread only.
final class ChildHarness: @unchecked Sendable {
    /// What came of one process.
    struct Outcome: Sendable {
        var pid: Int32 = 0
        var output: [UInt8] = []
        var errorOutput: [UInt8] = []
        var ends: [ChildProcessEnd] = []
        var error: ChildProcessError?

        var text: String { String(decoding: output, as: UTF8.self) }
        var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
        /// Whether the system knows no such process any more, not even a dead one.
        var isGone: Bool { !FileManager.default.fileExists(atPath: "/proc/\(pid)") }
    }

    let loop: EventLoop

    init() throws {
        loop = try EventLoop()
        try loop.start(named: "child-test")
        // As in the house: the loop's thread has signals blocked.
        loop.post { _ = Signals() }
    }

    /// Runs `request` to its end; `onOutput` sees the process and all output so far.
    func run(
        _ request: ChildProcessRequest,
        onOutput: @escaping @Sendable (ChildProcess, String) -> Void = { _, _ in }
    ) async -> Outcome {
        await withCheckedContinuation { done in
            loop.post { [loop] in
                let box = LoopBox(Outcome())
                let child = LoopBox<ChildProcess?>(nil)
                let handlers = ChildProcessHandlers(
                    onOutput: { bytes in
                        box.value.output.append(contentsOf: bytes)
                        if let child = child.value { onOutput(child, box.value.text) }
                    },
                    onErrorOutput: { box.value.errorOutput.append(contentsOf: $0) },
                    onEnd: { end in
                        box.value.ends.append(end)
                        child.value = nil
                        done.resume(returning: box.value)
                    })
                do throws(ChildProcessError) {
                    let started = try ChildProcess(on: loop, request, handlers)
                    box.value.pid = started.pid
                    child.value = started
                } catch {
                    box.value.error = error
                    done.resume(returning: box.value)
                }
            }
        }
    }

    /// A script for `/bin/sh`.
    func shell(
        _ script: String, onOutput: @escaping @Sendable (ChildProcess, String) -> Void = { _, _ in }
    )
        async -> Outcome
    {
        await run(Self.shell(script), onOutput: onOutput)
    }

    /// A request for `/bin/sh` with short graces.
    static func shell(_ script: String) -> ChildProcessRequest {
        ChildProcessRequest(
            program: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"],
            stopGraceMilliseconds: 300, drainGraceMilliseconds: 200)
    }

    /// Waits for the loop's end, which comes only when no handle is left.
    func close() { loop.stop() }
}
