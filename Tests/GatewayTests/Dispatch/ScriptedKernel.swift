import EventLoop
import LedgerCore
import Synchronization
import Threads

@testable import Gateway

/// A kernel that does what a test says, on the test's word.
// SAFETY: `runs` and `isDeaf` are behind a lock; the handlers are called on the loop's thread only.
final class ScriptedKernel: Kernel, @unchecked Sendable {
    let kind = "scripted"
    let loop: EventLoop
    private let state = Lock(State())
    /// Rung at each start.
    let started = Semaphore()

    private struct State {
        var runs: [Run] = []
        var isDeaf = false
        var isAlwaysProxied = false
        var automatic: KernelEnd?
    }

    init(loop: EventLoop) { self.loop = loop }

    /// From now on each run ends so, by itself.
    func always(_ end: KernelEnd) { state.withLock { $0.automatic = end } }

    /// From now on a run does not end when it is stopped.
    func ignoreStops() { state.withLock { $0.isDeaf = true } }

    /// From now on it is one whose calls all go through the Proxy.
    func alwaysProxied() { state.withLock { $0.isAlwaysProxied = true } }

    var isAlwaysProxied: Bool { state.withLock { $0.isAlwaysProxied } }

    /// The runs so far, in the order of their start.
    var runs: [Run] { state.withLock { $0.runs } }

    func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun {
        let (isDeaf, automatic) = state.withLock { ($0.isDeaf, $0.automatic) }
        let run = Run(task, handlers, loop: loop, isDeaf: isDeaf)
        state.withLock { $0.runs.append(run) }
        started.signal()
        if let automatic { run.end(automatic) }
        return run
    }

    /// One run, in the test's hand.
    // SAFETY: `handlers` is used on the loop's thread only.
    final class Run: KernelRun, @unchecked Sendable {
        let task: KernelTask
        private let handlers: KernelHandlers
        private let loop: EventLoop
        private let isDeaf: Bool
        private let hasEnded = Atomic(false)
        let stops = Atomic(0)

        init(_ task: KernelTask, _ handlers: KernelHandlers, loop: EventLoop, isDeaf: Bool) {
            self.task = task
            self.handlers = handlers
            self.loop = loop
            self.isDeaf = isDeaf
        }

        func stop() {
            stops.add(1, ordering: .relaxed)
            if !isDeaf { end(KernelEnd(failure: KernelFailure(.stopped, "stopped"))) }
        }

        func happen(_ event: KernelEvent) { loop.post { [self] in handlers.onEvent(event) } }

        func end(_ end: KernelEnd) {
            guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
            loop.post { [self] in handlers.onEnd(end) }
        }
    }
}
