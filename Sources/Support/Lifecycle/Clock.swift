import Glibc

/// The two clocks, as values, so that a test can hand in its own.
package struct Clock: Sendable {
    /// Wall time in UTC, microseconds since 1970; may be set back.
    package let nowMicroseconds: @Sendable () -> Int64
    /// Nanoseconds since an arbitrary moment; never falls.
    package let monotonicNanoseconds: @Sendable () -> Int64

    package init(
        nowMicroseconds: @escaping @Sendable () -> Int64,
        monotonicNanoseconds: @escaping @Sendable () -> Int64
    ) {
        self.nowMicroseconds = nowMicroseconds
        self.monotonicNanoseconds = monotonicNanoseconds
    }

    /// The machine's clocks.
    package static let system = Clock(
        nowMicroseconds: { SystemClock.nowMicroseconds() },
        monotonicNanoseconds: { SystemClock.monotonicNanoseconds() })
}

/// The machine's clocks, read directly.
///
/// The corresponding C function is `clock_gettime`.
package enum SystemClock {
    /// Wall time in UTC, microseconds since 1970.
    package static func nowMicroseconds() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Nanoseconds of the monotonic clock.
    package static func monotonicNanoseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds that all threads of this process have spent on processors.
    package static func processNanoseconds() -> Int64 {
        let time = read(CLOCK_PROCESS_CPUTIME_ID)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
