import CPlatform
import Glibc

/// A counting semaphore, for threads that may block.
// SAFETY: `raw` is allocated once and freed in deinit; every access is a sem_* call, which is thread-safe.
package final class Semaphore: @unchecked Sendable {
    private let raw: UnsafeMutablePointer<sem_t>

    /// Starts at `value`.
    package init(value: UInt32 = 0) {
        raw = .allocate(capacity: 1)
        let code = sem_init(raw, 0, value)
        precondition(code == 0, "a semaphore starts below SEM_VALUE_MAX")
    }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    /// Adds one, waking one waiter.
    package func signal() { sem_post(raw) }

    /// Takes one, blocking until there is one.
    package func wait() {
        while sem_wait(raw) != 0 {
            precondition(errno == EINTR, "only a signal interrupts the wait")
        }
    }

    /// Takes one; false when there was none for `timeoutMilliseconds`.
    package func wait(timeoutMilliseconds: Int) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + timeoutMilliseconds % 1000 * 1_000_000
        deadline.tv_sec += timeoutMilliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        // The monotonic clock: a step of the wall clock must not stretch the wait.
        while platform_semaphore_wait_until(raw, &deadline) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}
