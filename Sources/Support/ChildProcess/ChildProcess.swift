import CUV
package import EventLoop

/// A child process on a loop, in a session and process group of its own.
///
/// Loop thread only. It has standard input, output and error and no other descriptor, the environment that
/// it is given and no other, and every signal as the system's default. SIGPIPE must be ignored in this
/// process, as the house does: a child that does not read its input must not end its parent.
///
/// Its end is told once nothing is left: the process is reaped and the rest of its group killed. Who leaves
/// the group (`setsid`) leaves the bookkeeping, but cannot hold up the end. When this process dies, or the
/// loop's thread ends, the child is killed by the system; what it has started itself is not.
package final class ChildProcess {
    /// The process, and its group.
    package let pid: Int32

    private let loop: EventLoop
    private var handlers: ChildProcessHandlers?
    private let stopGraceMilliseconds: UInt64
    private let drainGraceMilliseconds: UInt64
    private var input: ChildPipe?
    private var outputs: [ChildPipe] = []
    private var handlesOpen = 0
    private var end: ChildProcessEnd?
    private var isStopping = false
    private var isRestKilled = false
    private var timer: LoopTimer?

    private static let terminate: Int32 = 15
    private static let kill: Int32 = 9

    /// Starts `request`.
    ///
    /// - Throws: ``ChildProcessError``; then nothing is left of it, and no handler is called.
    package init(
        on loop: EventLoop, _ request: ChildProcessRequest, _ handlers: ChildProcessHandlers
    ) throws(ChildProcessError) {
        self.loop = loop
        stopGraceMilliseconds = request.stopGraceMilliseconds
        drainGraceMilliseconds = request.drainGraceMilliseconds
        let spawn = try ChildSpawn(on: loop, request)
        pid = spawn.pid
        self.handlers = handlers
        handlesOpen = 1
        spawn.onExit {
            self.exited($0)
        } closed: {
            self.handleClosed()
        }
        do throws(ChildPipeError) {
            input = try adopt(spawn.input)
            outputs = [try adopt(spawn.output), try adopt(spawn.errorOutput)]
        } catch {
            // The pipes were made and are valid: only memory can fail here. The child goes, unheard.
            self.handlers = nil
            signalGroup(Self.kill)
            closePipes()
            throw ChildProcessError(error.code, running: request)
        }
        outputs.first?.read { [weak self] in self?.handlers?.onOutput($0) }
        outputs.last?.read { [weak self] in self?.handlers?.onErrorOutput($0) }
        input?.write(request.input)
    }

    /// Ends it: SIGTERM to its group now, SIGKILL when the grace is over.
    ///
    /// Harmless when it has ended.
    package func stop() {
        guard handlers != nil, !isStopping else { return }
        isStopping = true
        guard end == nil else { return endDrain() }
        signalGroup(Self.terminate)
        timer = LoopTimer(on: loop, after: stopGraceMilliseconds) { [weak self] in
            self?.signalGroup(Self.kill)
        }
    }

    private func adopt(_ descriptor: ChildDescriptor) throws(ChildPipeError) -> ChildPipe {
        let pipe = try ChildPipe(on: loop, descriptor: descriptor.number) { self.handleClosed() }
        descriptor.handOver()
        handlesOpen += 1
        return pipe
    }

    private func signalGroup(_ number: Int32) { uv_kill(-pid, number) }

    /// The process is reaped; its output may still be held open by others.
    private func exited(_ end: ChildProcessEnd) {
        self.end = end
        timer?.cancel()
        timer = nil
        input?.close()
        guard !isStopping, !outputs.allSatisfy(\.isClosing) else { return endDrain() }
        timer = LoopTimer(on: loop, after: drainGraceMilliseconds) { [weak self] in self?.endDrain() }
    }

    /// Kills what is left of the group, and reads what is in the pipes already but waits for no more.
    private func endDrain() {
        killRest()
        timer?.cancel()
        timer = nil
        guard !outputs.allSatisfy(\.isClosing) else { return tellEnd() }
        // Some turns of the loop for what the pipes hold; who has left the group may hold them for ever.
        closePipes(afterTurns: 20)
    }

    /// Closes the pipes after this many turns of the loop.
    ///
    /// Turns, not a time: a loop that is late runs its timers before it reads.
    private func closePipes(afterTurns turns: Int) {
        guard turns > 0 else { return closePipes() }
        timer = LoopTimer(on: loop, after: 1) { [weak self] in self?.closePipes(afterTurns: turns - 1) }
    }

    /// Kills whoever is left of the group, once: later its number may belong to others.
    private func killRest() {
        guard !isRestKilled else { return }
        isRestKilled = true
        signalGroup(Self.kill)
    }

    private func closePipes() {
        input?.close()
        for pipe in outputs { pipe.close() }
    }

    private func handleClosed() {
        handlesOpen -= 1
        tellEnd()
    }

    private func tellEnd() {
        guard handlesOpen == 0, let end, let handlers else { return }
        killRest()
        timer?.cancel()
        timer = nil
        self.handlers = nil
        input = nil
        outputs = []
        handlers.onEnd(end)
    }
}
