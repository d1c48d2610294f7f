import CUV

/// libuv's watch over one of libcurl's sockets.
///
/// It stays armed while a connection rests between two transfers, which saves two system calls a request.
final class SocketPoll {
    let socket: Int32
    /// Whether libcurl tells us when this socket closes.
    let isConnection: Bool
    private let onEvents: (SocketPoll, Int32) -> Void
    private var handle: UnsafeMutablePointer<uv_poll_t>?
    private var armed: Int32 = 0
    /// What libcurl waits for now.
    private var wanted: Int32 = 0

    /// `onEvents` gets the poll and the events, a set of `UV_READABLE` and `UV_WRITABLE`.
    init(socket: Int32, isConnection: Bool, onEvents: @escaping (SocketPoll, Int32) -> Void) {
        self.socket = socket
        self.isConnection = isConnection
        self.onEvents = onEvents
    }

    /// Watches for `events`; false when the system refuses.
    func want(_ events: Int32, on loop: UnsafeMutablePointer<uv_loop_t>) -> Bool {
        wanted = events
        guard events != armed else { return true }
        guard events != 0, let handle = handle ?? open(on: loop) else { return events == 0 }
        armed = events
        return uv_poll_start(
            handle, events,
            { handle, status, events in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SocketPoll>.fromOpaque(data).takeUnretainedValue().fire(status, events)
            }) == 0
    }

    /// Rests between transfers.
    func rest() {
        wanted = 0
        if armed != UV_READABLE.signed { disarm() }
    }

    /// Ends the watch; the socket itself stays open.
    func close() {
        guard let handle else { return }
        self.handle = nil
        armed = 0
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let closed else { return }
            Unmanaged<SocketPoll>.fromOpaque(closed.pointee.data).release()
            UnsafeMutableRawPointer(closed).assumingMemoryBound(to: uv_poll_t.self).deallocate()
        }
    }

    private func open(on loop: UnsafeMutablePointer<uv_loop_t>) -> UnsafeMutablePointer<uv_poll_t>? {
        let handle = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        guard uv_poll_init(loop, handle, socket) == 0 else {
            handle.deallocate()
            return nil
        }
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        self.handle = handle
        return handle
    }

    private func fire(_ status: Int32, _ events: Int32) {
        // A resting connection that becomes readable was closed by its peer; libcurl will see that itself.
        guard wanted != 0 else { return disarm() }
        guard status < 0 else { return onEvents(self, events) }
        // libuv has stopped the watch. libcurl learns what is wrong when it reads or writes, and loses none
        // of what came before.
        armed = 0
        onEvents(self, wanted)
        if wanted != 0, let loop = handle?.pointee.loop, !want(wanted, on: loop) { close() }
    }

    private func disarm() {
        guard let handle, armed != 0 else { return }
        armed = 0
        uv_poll_stop(handle)
    }
}

extension uv_poll_event {
    /// The bit as libuv's functions take it.
    var signed: Int32 { Int32(bitPattern: rawValue) }
}
