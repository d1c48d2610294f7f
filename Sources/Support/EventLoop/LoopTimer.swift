import CUV

/// One timer on a loop.
///
/// Loop thread only; ends with ``cancel()`` or, when it does not repeat, after it has fired.
package final class LoopTimer {
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private let body: () -> Void
    private let repeats: Bool

    /// Fires `body` after `milliseconds`, then every `repeating` milliseconds when that is not 0.
    package init(
        on loop: EventLoop, after milliseconds: UInt64, repeating: UInt64 = 0, _ body: @escaping () -> Void
    ) {
        self.body = body
        repeats = repeating > 0
        let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(loop.raw, handle)
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        self.handle = handle
        uv_timer_start(
            handle,
            { handle in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue().fire()
            }, milliseconds, repeating)
    }

    /// Stops the timer; harmless when it has ended.
    package func cancel() {
        guard let handle else { return }
        self.handle = nil
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let closed else { return }
            Unmanaged<LoopTimer>.fromOpaque(closed.pointee.data).release()
            UnsafeMutableRawPointer(closed).assumingMemoryBound(to: uv_timer_t.self).deallocate()
        }
    }

    private func fire() {
        body()
        if !repeats { cancel() }
    }
}
