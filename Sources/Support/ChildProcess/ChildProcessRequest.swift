/// What to run, with everything that it gets: nothing is inherited.
package struct ChildProcessRequest: Sendable {
    /// A path, or a name that is looked up in the `PATH` of ``environment``.
    package var program: String

    /// What follows the program's name.
    package var arguments: [String]

    /// The whole environment.
    package var environment: [String: String]

    /// Where it runs; nil: where this process runs.
    package var workingDirectory: String?

    /// Written to its standard input, which is then closed.
    package var input: [UInt8]

    /// How long it has to end by itself after SIGTERM, before SIGKILL.
    package var stopGraceMilliseconds: UInt64

    /// How long after its end others may keep its output open, before they are killed.
    package var drainGraceMilliseconds: UInt64

    /// A request without input.
    package init(
        program: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, input: [UInt8] = [], stopGraceMilliseconds: UInt64 = 2_000,
        drainGraceMilliseconds: UInt64 = 1_000
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.stopGraceMilliseconds = stopGraceMilliseconds
        self.drainGraceMilliseconds = drainGraceMilliseconds
    }
}

/// What a child process calls, always on the loop's thread and never from inside
/// ``ChildProcess/init(on:_:_:)``.
package struct ChildProcessHandlers {
    /// Bytes of standard output, valid during the call.
    package var onOutput: (UnsafeRawBufferPointer) -> Void
    /// Bytes of standard error, valid during the call.
    package var onErrorOutput: (UnsafeRawBufferPointer) -> Void
    /// The end, exactly once: the process is reaped, its group is dead, every descriptor is closed.
    package var onEnd: (ChildProcessEnd) -> Void

    /// Three closures.
    package init(
        onOutput: @escaping (UnsafeRawBufferPointer) -> Void,
        onErrorOutput: @escaping (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping (ChildProcessEnd) -> Void
    ) {
        self.onOutput = onOutput
        self.onErrorOutput = onErrorOutput
        self.onEnd = onEnd
    }
}

/// How a child process ended.
package enum ChildProcessEnd: Hashable, Sendable {
    /// By itself, with this status.
    case exited(status: Int64)
    /// By this signal.
    case signalled(number: Int32)

    /// The end in words: `exit status 3`, `signal 9 (killed)`.
    package var reason: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let number):
            switch number {
            case 6: "signal 6 (aborted)"
            case 9: "signal 9 (killed, perhaps for want of memory)"
            case 11: "signal 11 (memory fault)"
            case 15: "signal 15 (terminated)"
            default: "signal \(number)"
            }
        }
    }
}
