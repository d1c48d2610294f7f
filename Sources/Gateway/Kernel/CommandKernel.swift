import ChildProcess
package import EventLoop
import JSON

/// Runs a program for each dispatch: the message on its standard input, stream-json from its standard output.
package final class CommandKernel: Kernel {
    /// `command`.
    package let kind = "command"

    private let loop: EventLoop
    private let command: [String]
    private let inherited: [String: String]
    private let workingDirectory: String?
    private let limits: KernelLimits
    private let parser = JSONParser()

    /// Creates the kernel.
    ///
    /// - Parameters:
    ///   - loop: where its processes live.
    ///   - command: the program and its arguments.
    ///   - inherited: the house's environment, of which ``KernelEnvironment`` passes on a few variables.
    ///   - workingDirectory: where the program runs; nil: where this process runs.
    ///   - limits: how much it may say, and how long it may be silent.
    package init(
        on loop: EventLoop, command: [String], inherited: [String: String] = [:],
        workingDirectory: String? = nil, limits: KernelLimits = KernelLimits()
    ) {
        self.loop = loop
        self.command = command
        self.inherited = inherited
        self.workingDirectory = workingDirectory
        self.limits = limits
    }

    /// Starts the program.
    package func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun {
        let request = ChildProcessRequest(
            program: command.first ?? "", arguments: Array(command.dropFirst()),
            environment: KernelEnvironment.variables(for: task, inherited: inherited),
            workingDirectory: workingDirectory, input: Array(task.text.utf8),
            stopGraceMilliseconds: limits.stopGraceMilliseconds)
        let run = CommandRun(on: loop, limits: limits, parser: parser, handlers)
        run.start(request)
        return run
    }
}

/// One process that serves one dispatch.
private final class CommandRun: KernelRun {
    private let loop: EventLoop
    private let limits: KernelLimits
    private var handlers: KernelHandlers?
    private var process: ChildProcess?
    private var lines: LineSplitter
    private var reader: StreamJSONReader
    private var outputBytes = 0
    private var errorTail: [UInt8] = []
    private var isErrorTailCut = false
    private var silence: SilenceWatch?
    private var linger: SilenceWatch?
    /// Why it was ended from here.
    private var failure: KernelFailure?

    init(on loop: EventLoop, limits: KernelLimits, parser: JSONParser, _ handlers: KernelHandlers) {
        self.loop = loop
        self.limits = limits
        self.handlers = handlers
        lines = LineSplitter(lineBytesMax: limits.recordBytesMax)
        reader = StreamJSONReader(parser: parser)
    }

    func start(_ request: ChildProcessRequest) {
        do throws(ChildProcessError) {
            process = try ChildProcess(
                on: loop, request,
                ChildProcessHandlers(
                    onOutput: { self.take($0) }, onErrorOutput: { self.keepError($0) },
                    onEnd: { self.ended($0) }))
            silence = SilenceWatch(on: loop, milliseconds: limits.idleTimeoutMilliseconds) { [weak self] in
                self?.isSilent()
            }
        } catch {
            let failure = KernelFailure(.start, "The kernel could not be started: \(error.reason).")
            // Later, as promised: never from inside the start.
            _ = LoopTimer(on: loop, after: 0) { self.tell(KernelEnd(failure: failure)) }
        }
    }

    func stop() { stop(.init(.stopped, "The run was stopped.")) }

    private func stop(_ failure: KernelFailure) {
        if self.failure == nil { self.failure = failure }
        silence?.cancel()
        process?.stop()
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        silence?.touch()
        linger?.touch()
        outputBytes += bytes.count
        guard outputBytes <= limits.outputBytesMax else {
            return stop(.init(.flood, "The kernel printed more than \(limits.outputBytesMax) bytes."))
        }
        guard failure?.code != .flood else { return }
        guard lines.feed(bytes, { take(line: $0) }) else {
            return stop(
                .init(.flood, "The kernel printed a line of more than \(limits.recordBytesMax) bytes."))
        }
        guard reader.hasResult, linger == nil else { return }
        linger = SilenceWatch(on: loop, milliseconds: limits.lingerMilliseconds) { [weak self] in
            self?.process?.stop()
        }
    }

    private func take(line: UnsafeRawBufferPointer) {
        do throws(KernelFailure) {
            // Once it is being ended nothing more is told, but what it still says that it used counts.
            try reader.take(line) { event in if failure == nil { handlers?.onEvent(event) } }
        } catch {
            if !reader.hasResult { stop(error) }
        }
    }

    private func keepError(_ bytes: UnsafeRawBufferPointer) {
        errorTail.append(contentsOf: bytes.suffix(limits.errorOutputBytesMax))
        let excess = max(errorTail.count - limits.errorOutputBytesMax, 0)
        if excess > 0 || bytes.count > limits.errorOutputBytesMax { isErrorTailCut = true }
        errorTail.removeFirst(excess)
    }

    private func isSilent() {
        let seconds = limits.idleTimeoutMilliseconds / 1000
        stop(.init(.hang, "Nothing came from the kernel for \(seconds) s; it was ended."))
    }

    private func ended(_ end: ChildProcessEnd) {
        if !lines.remainder.isEmpty { lines.remainder.withUnsafeBytes { takeRemainder($0) } }
        tell(reader.end(withoutResult: failure ?? Self.failure(end, errorWords)))
    }

    /// What came after the last line end: a whole record whose line end is missing, or half of one.
    private func takeRemainder(_ rest: UnsafeRawBufferPointer) {
        do throws(KernelFailure) {
            try reader.take(rest) { event in if failure == nil { handlers?.onEvent(event) } }
        } catch {
            guard !reader.hasResult, failure == nil else { return }
            failure = KernelFailure(.garbled, "The kernel ended in the middle of a record.\(errorWords)")
        }
    }

    private static func failure(_ end: ChildProcessEnd, _ errorWords: String) -> KernelFailure {
        KernelFailure(.exit, "The kernel ended without a result: \(end.reason).\(errorWords)")
    }

    /// What it wrote to standard error last, as the end of a message.
    private var errorWords: String {
        let words = KernelWords.tail(errorTail, isCut: isErrorTailCut)
        return words.isEmpty ? "" : " It said: \(words)"
    }

    private func tell(_ end: KernelEnd) {
        silence?.cancel()
        linger?.cancel()
        process = nil
        let handlers = handlers
        self.handlers = nil
        handlers?.onEnd(end)
    }
}
