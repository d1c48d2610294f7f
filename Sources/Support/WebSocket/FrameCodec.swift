import CWslay

/// Takes one client's bytes apart into frames and builds the frames for it, with wslay.
///
/// It knows how frames look, and refuses what cannot be one: a control frame that is long or fragmented, a
/// length with leading zeros. What frames mean is ``MessageReader``'s.
final class FrameCodec {
    private var context: OpaquePointer?
    /// What wslay has not taken yet; only inside ``take(_:_:)``.
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    private var built: [UInt8] = []

    init() {
        var callbacks = wslay_frame_callbacks(
            send_callback: { bytes, count, _, data in
                guard let bytes, let data else { return -1 }
                let codec = Unmanaged<FrameCodec>.fromOpaque(data).takeUnretainedValue()
                codec.built.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
                return count
            },
            recv_callback: { buffer, count, _, data in
                guard let buffer, let data else { return -1 }
                let codec = Unmanaged<FrameCodec>.fromOpaque(data).takeUnretainedValue()
                return codec.lend(UnsafeMutableRawBufferPointer(start: buffer, count: count))
            },
            genmask_callback: nil)
        // Unretained: the codec owns the context.
        let code = wslay_frame_context_init(
            &context, &callbacks, Unmanaged.passUnretained(self).toOpaque())
        precondition(code == 0, "memory for a frame context")
    }

    deinit { wslay_frame_context_free(context) }

    /// Calls `each` with the frames in `bytes`, piece by piece, until it returns false.
    ///
    /// - Returns: false when the bytes cannot be frames; the codec is not to be used again then.
    func take(_ bytes: UnsafeRawBufferPointer, _ each: (FramePiece) -> Bool) -> Bool {
        input = bytes
        defer { input = UnsafeRawBufferPointer(start: nil, count: 0) }
        while true {
            var frame = wslay_frame_iocb()
            let code = wslay_frame_recv(context, &frame)
            if code == WSLAY_ERR_WANT_READ.rawValue {
                if input.isEmpty { return true }
                continue
            }
            guard code >= 0 else { return false }
            guard each(FramePiece(frame)) else { return true }
        }
    }

    /// A whole frame for the client.
    func frame(_ opcode: FrameOpcode, _ payload: UnsafeRawBufferPointer) -> [UInt8] {
        var frame = wslay_frame_iocb()
        frame.fin = 1
        frame.opcode = opcode.rawValue
        frame.payload_length = UInt64(payload.count)
        frame.data = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        frame.data_length = payload.count
        built.reserveCapacity(payload.count + 10)
        let sent = wslay_frame_send(context, &frame)
        precondition(sent == payload.count, "a buffer takes a whole frame")
        defer { built = [] }
        return built
    }

    private func lend(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, input.count)
        guard count > 0 else { return -1 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }
}

/// What a frame is.
enum FrameOpcode: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10
}

/// A frame's head, and as much of its payload as has come since the piece before, unmasked.
struct FramePiece {
    let isFinal: Bool
    let isMasked: Bool
    let reservedBits: UInt8
    let opcode: UInt8
    let payloadBytes: UInt64
    /// Valid until the next piece.
    let bytes: UnsafeRawBufferPointer

    init(_ frame: wslay_frame_iocb) {
        isFinal = frame.fin != 0
        isMasked = frame.mask != 0
        reservedBits = frame.rsv
        opcode = frame.opcode
        payloadBytes = frame.payload_length
        bytes = UnsafeRawBufferPointer(start: frame.data, count: frame.data_length)
    }
}
