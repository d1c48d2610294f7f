import CUV
import EventLoop

/// Calls the server before the loop waits and after it has waited, to send what was gathered meanwhile.
final class LoopHooks {
    private let server: HTTPServer
    private let before = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let after = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)

    init(server: HTTPServer) {
        self.server = server
        server.handlesLive += 2
        uv_prepare_init(server.loop.raw, before)
        uv_check_init(server.loop.raw, after)
        before.pointee.data = Unmanaged.passRetained(self).toOpaque()
        after.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_prepare_start(before) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<LoopHooks>.fromOpaque(data).takeUnretainedValue().server.flushDirty()
        }
        uv_check_start(after) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<LoopHooks>.fromOpaque(data).takeUnretainedValue().server.flushDirty()
        }
    }

    deinit {
        before.deallocate()
        after.deallocate()
    }

    /// Ends both.
    func close() {
        for raw in [UnsafeMutableRawPointer(before), UnsafeMutableRawPointer(after)] {
            uv_close(raw.assumingMemoryBound(to: uv_handle_t.self)) { closed in
                guard let data = closed?.pointee.data else { return }
                let hooks = Unmanaged<LoopHooks>.fromOpaque(data).takeRetainedValue()
                hooks.server.handleClosed()
            }
        }
    }
}
