import CUV
import EventLoop

/// The client's own handles on the loop: a turn before and after each poll for events, and one timer.
///
/// What is queued while sockets are served is done in the same round of the loop, after all of them.
final class LoopHooks {
    private let loop: UnsafeMutablePointer<uv_loop_t>
    private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    private let idle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    private var onTurn: (() -> Void)?
    private var onTimer: (() -> Void)?
    private var isAwake = false

    /// `onTurn` runs twice a round, `onTimer` when the time set last has come.
    init(loop: EventLoop, onTurn: @escaping () -> Void, onTimer: @escaping () -> Void) {
        self.loop = loop.raw
        self.onTurn = onTurn
        self.onTimer = onTimer
        uv_prepare_init(self.loop, prepare)
        uv_check_init(self.loop, check)
        uv_idle_init(self.loop, idle)
        uv_timer_init(self.loop, timer)
        // Each handle keeps this object until it has closed.
        prepare.pointee.data = Unmanaged.passRetained(self).toOpaque()
        check.pointee.data = Unmanaged.passRetained(self).toOpaque()
        idle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        timer.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_prepare_start(prepare) { LoopHooks.of($0?.pointee.data)?.onTurn?() }
        uv_check_start(check) { LoopHooks.of($0?.pointee.data)?.onTurn?() }
    }

    /// Fires once after `milliseconds`, in place of what was set before; nil fires never.
    func setTimer(milliseconds: UInt64?) {
        guard onTimer != nil else { return }
        guard let milliseconds else {
            uv_timer_stop(timer)
            return
        }
        uv_timer_start(timer, { LoopHooks.of($0?.pointee.data)?.onTimer?() }, milliseconds, 0)
    }

    /// Whether the loop goes round without waiting for events.
    func setAwake(_ awake: Bool) {
        guard awake != isAwake, onTurn != nil else { return }
        isAwake = awake
        if awake { uv_idle_start(idle) { _ in } } else { uv_idle_stop(idle) }
    }

    /// Closes the handles; neither closure is called again.
    func close() {
        guard onTurn != nil else { return }
        onTurn = nil
        onTimer = nil
        Self.close(prepare)
        Self.close(check)
        Self.close(idle)
        Self.close(timer)
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> LoopHooks? {
        data.map { Unmanaged<LoopHooks>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func close(_ handle: UnsafeMutableRawPointer) {
        uv_close(handle.assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let closed else { return }
            Unmanaged<LoopHooks>.fromOpaque(closed.pointee.data).release()
            UnsafeMutableRawPointer(closed).deallocate()
        }
    }
}
