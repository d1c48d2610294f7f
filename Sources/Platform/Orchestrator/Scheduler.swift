package import EventLoop

/// Time as the orchestrator sees it: a clock that never jumps, and alarms.
///
/// On a loop these are its own; a test hands in time that it moves itself.
package struct Scheduler {
    /// Milliseconds since an arbitrary moment.
    package let nowMilliseconds: () -> UInt64
    /// Calls back once, after so many milliseconds; what is returned takes the alarm back.
    package let after: (_ milliseconds: UInt64, _ body: @escaping () -> Void) -> () -> Void

    /// Creates a scheduler from its two parts.
    package init(
        nowMilliseconds: @escaping () -> UInt64,
        after: @escaping (UInt64, @escaping () -> Void) -> () -> Void
    ) {
        self.nowMilliseconds = nowMilliseconds
        self.after = after
    }

    /// The clock and the timers of `loop`; on its thread only.
    package init(_ loop: EventLoop) {
        self.init(
            nowMilliseconds: { loop.nowMilliseconds },
            after: { milliseconds, body in
                let timer = LoopTimer(on: loop, after: milliseconds, body)
                return { timer.cancel() }
            })
    }
}
