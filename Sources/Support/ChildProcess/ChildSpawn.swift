import CPlatform
import CUV
import EventLoop

/// The start of a child process: its pipes, its strings, and libuv's handle until that is closed.
final class ChildSpawn {
    let pid: Int32
    /// This process's ends of the pipes.
    let input: ChildDescriptor
    let output: ChildDescriptor
    let errorOutput: ChildDescriptor
    private let handle: UnsafeMutablePointer<uv_process_t>
    private var onExit: ((ChildProcessEnd) -> Void)?
    private var onClosed: (() -> Void)?

    init(on loop: EventLoop, _ request: ChildProcessRequest) throws(ChildProcessError) {
        try Self.check(request)
        let input = try ChildDescriptor.pipe(request)
        let output = try ChildDescriptor.pipe(request)
        let errorOutput = try ChildDescriptor.pipe(request)
        let handle = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
        let code = Self.spawn(
            on: loop, handle, request,
            descriptors: [input.read.number, output.write.number, errorOutput.write.number])
        // The child's ends close here, with their owners.
        withExtendedLifetime((input, output, errorOutput)) {}
        guard code == 0 else {
            uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
                UnsafeMutableRawPointer(closed)?.deallocate()
            }
            throw ChildProcessError(code, running: request)
        }
        self.handle = handle
        pid = handle.pointee.pid
        self.input = input.write
        self.output = output.read
        self.errorOutput = errorOutput.read
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    /// Tells the end of the process once it is reaped, then that the handle is closed.
    func onExit(_ tell: @escaping (ChildProcessEnd) -> Void, closed: @escaping () -> Void) {
        onExit = tell
        onClosed = closed
    }

    private func exited(status: Int64, signal: Int32) {
        onExit?(signal == 0 ? .exited(status: status) : .signalled(number: signal))
        onExit = nil
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let data = closed?.pointee.data else { return }
            let spawn = Unmanaged<ChildSpawn>.fromOpaque(data).takeRetainedValue()
            spawn.handle.deallocate()
            spawn.onClosed?()
            spawn.onClosed = nil
        }
    }

    private static func spawn(
        on loop: EventLoop, _ handle: UnsafeMutablePointer<uv_process_t>, _ request: ChildProcessRequest,
        descriptors: [Int32]
    ) -> Int32 {
        let arguments = CStringArray([request.program] + request.arguments)
        let environment = CStringArray(request.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })
        let directory = CStringArray(request.workingDirectory.map { [$0] } ?? [])
        var stdio = descriptors.map { number in
            var container = uv_stdio_container_t()
            container.flags = UV_INHERIT_FD
            container.data.fd = number
            return container
        }
        defer { withExtendedLifetime((arguments, environment, directory)) {} }
        return stdio.withUnsafeMutableBufferPointer { stdio in
            var options = uv_process_options_t()
            options.exit_cb = { handle, status, signal in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<ChildSpawn>.fromOpaque(data).takeUnretainedValue()
                    .exited(status: status, signal: signal)
            }
            options.file = UnsafePointer(arguments.pointers[0])
            options.args = arguments.pointers.baseAddress
            options.env = environment.pointers.baseAddress
            options.cwd = UnsafePointer(directory.pointers[0])
            options.flags = UV_PROCESS_DETACHED.rawValue
            options.stdio_count = Int32(stdio.count)
            options.stdio = stdio.baseAddress
            // Whatever ends this process, kill -9 too, ends the child: nobody would be there to bound it.
            // Whatever a library has left open stays here: an agent gets three descriptors and no other.
            _ = isForkHookSet
            platform_set_children_are_ours(1)
            defer { platform_set_children_are_ours(0) }
            return uv_spawn(loop.raw, handle, &options)
        }
    }

    /// Set once in the life of the process.
    private static let isForkHookSet = platform_register_fork_hook() == 0

    private static func check(_ request: ChildProcessRequest) throws(ChildProcessError) {
        guard !request.program.isEmpty else { throw .noProgram("\"\"") }
        guard !request.program.utf8.contains(0) else { throw .badText("the program's name") }
        for argument in request.arguments where argument.utf8.contains(0) { throw .badText("an argument") }
        for (name, value) in request.environment
        where name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) || name.utf8.contains(0)
            || value.utf8.contains(0)
        {
            throw .badText("the variable \"\(name.prefix(64))\"")
        }
        if let directory = request.workingDirectory, directory.utf8.contains(0) {
            throw .badText("the working directory")
        }
    }
}

/// A descriptor that closes itself unless it is handed over.
final class ChildDescriptor {
    let number: Int32
    private var isOwned = true

    private init(_ number: Int32) { self.number = number }

    deinit {
        guard isOwned else { return }
        var request = uv_fs_t()
        uv_fs_close(nil, &request, number, nil)
        uv_fs_req_cleanup(&request)
    }

    /// Somebody else closes it from now on.
    func handOver() { isOwned = false }

    /// Both ends of a new pipe; exec closes them.
    static func pipe(
        _ request: ChildProcessRequest
    ) throws(ChildProcessError) -> (read: ChildDescriptor, write: ChildDescriptor) {
        var ends: [Int32] = [-1, -1]
        let code = uv_pipe(&ends, 0, 0)
        guard code == 0 else { throw ChildProcessError(code, running: request) }
        return (ChildDescriptor(ends[0]), ChildDescriptor(ends[1]))
    }
}

/// A null-terminated array of C strings, for as long as it lives.
private final class CStringArray {
    let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>

    init(_ strings: [String]) {
        pointers = .allocate(capacity: strings.count + 1)
        pointers.initialize(repeating: nil)
        for (index, string) in strings.enumerated() {
            let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: string.utf8.count + 1)
            _ = bytes.initialize(from: string.utf8.lazy.map { CChar(bitPattern: $0) } + [0])
            pointers[index] = bytes.baseAddress
        }
    }

    deinit {
        for pointer in pointers { pointer?.deallocate() }
        pointers.deallocate()
    }
}
