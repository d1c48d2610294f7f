import CUV
import EventLoop

/// This process's end of a pipe to a child, on the loop.
///
/// Real pipes, not libuv's socket pairs: a child may open `/dev/stdout` by its name.
final class ChildPipe {
    private static let bufferBytes = 65_536

    private let handle: UnsafeMutablePointer<uv_pipe_t>
    private var buffer: UnsafeMutableRawBufferPointer?
    private var onBytes: ((UnsafeRawBufferPointer) -> Void)?
    private var onClosed: (() -> Void)?
    private(set) var isClosing = false
    /// Whether there may be more to read than this turn of the loop is for.
    private var isTurnOver = false

    /// Takes over `descriptor`; `onClosed` is called once, after it is closed.
    ///
    /// The handle keeps this object until then.
    init(
        on loop: EventLoop, descriptor: Int32, onClosed: @escaping () -> Void
    ) throws(ChildPipeError) {
        handle = .allocate(capacity: 1)
        let code = uv_pipe_init(loop.raw, handle, 0)
        guard code == 0 else {
            handle.deallocate()
            throw ChildPipeError(code: code)
        }
        self.onClosed = onClosed
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let opened = uv_pipe_open(handle, descriptor)
        guard opened == 0 else {
            // The handle never owned the descriptor, and goes alone.
            self.onClosed = nil
            close()
            throw ChildPipeError(code: opened)
        }
    }

    /// Gives what can be read to `onBytes`, and closes at the end of it.
    ///
    /// A turn of the loop takes one buffer: a child that floods must not keep others waiting.
    func read(_ onBytes: @escaping (UnsafeRawBufferPointer) -> Void) {
        self.onBytes = onBytes
        buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
        let code = uv_read_start(
            stream,
            { handle, _, buffer in
                guard let data = handle?.pointee.data, let buffer else { return }
                let pipe = Unmanaged<ChildPipe>.fromOpaque(data).takeUnretainedValue()
                // Without room libuv says ENOBUFS, and comes again in its next turn.
                buffer.pointee = uv_buf_init(
                    pipe.buffer?.baseAddress?.assumingMemoryBound(to: CChar.self),
                    pipe.isTurnOver ? 0 : UInt32(pipe.buffer?.count ?? 0))
                pipe.isTurnOver = false
            },
            { handle, count, buffer in
                guard let data = handle?.pointee.data else { return }
                let pipe = Unmanaged<ChildPipe>.fromOpaque(data).takeUnretainedValue()
                guard count >= 0 || count == Int(UV_ENOBUFS.rawValue) else { return pipe.close() }
                pipe.isTurnOver = count == ChildPipe.bufferBytes
                guard count > 0, let base = buffer?.pointee.base else { return }
                pipe.onBytes?(UnsafeRawBufferPointer(start: base, count: count))
            })
        if code != 0 { close() }
    }

    /// Writes all of `bytes`, then closes; a reader that has gone ends it early.
    func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return close() }
        let write = ChildInput(bytes, pipe: self)
        write.start(on: stream)
    }

    /// Closes the descriptor at once, and tells so later.
    func close() {
        guard !isClosing else { return }
        isClosing = true
        onBytes = nil
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let data = closed?.pointee.data else { return }
            Unmanaged<ChildPipe>.fromOpaque(data).takeRetainedValue().closed()
        }
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    }

    private func closed() {
        buffer?.deallocate()
        buffer = nil
        handle.deallocate()
        let tell = onClosed
        onClosed = nil
        tell?()
    }
}

/// Why a pipe could not be put on the loop: libuv's code.
struct ChildPipeError: Error {
    let code: Int32
}

/// Bytes on their way into a pipe, kept until libuv has done with them.
private final class ChildInput {
    private let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private let bytes: UnsafeMutableBufferPointer<CChar>
    private let pipe: ChildPipe

    init(_ bytes: [UInt8], pipe: ChildPipe) {
        self.bytes = .allocate(capacity: bytes.count)
        _ = self.bytes.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) })
        self.pipe = pipe
    }

    deinit {
        bytes.deallocate()
        request.deallocate()
    }

    func start(on stream: UnsafeMutablePointer<uv_stream_t>) {
        request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        // One buffer of libuv holds at most 4 GiB; a message is far below.
        var buffer = uv_buf_init(bytes.baseAddress, UInt32(clamping: bytes.count))
        let code = uv_write(request, stream, &buffer, 1) { request, _ in
            guard let data = request?.pointee.data else { return }
            Unmanaged<ChildInput>.fromOpaque(data).takeRetainedValue().pipe.close()
        }
        guard code != 0 else { return }
        Unmanaged.passUnretained(self).release()
        pipe.close()
    }
}
