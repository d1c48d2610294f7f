package import EventLoop
import Threads

/// What stands where no kernel is configured: each run says so.
package struct MissingKernel: Kernel {
    /// The kind of a kernel that is not there.
    static let kind = "none"

    package var kind: String { Self.kind }
    private let loop: EventLoop

    /// Creates the kernel on `loop`.
    package init(loop: EventLoop) { self.loop = loop }

    package func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun {
        let end = Confined(handlers.onEnd)
        loop.post {
            end.value(
                KernelEnd(
                    failure: KernelFailure(
                        .start, "No kernel is configured: set LEDGER_KERNEL and start the gateway again.")))
        }
        return Stopped()
    }

    private final class Stopped: KernelRun {
        func stop() {}
    }
}
