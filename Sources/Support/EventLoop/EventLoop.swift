package import CUV
import Synchronization
package import Threads

/// One libuv loop on one thread.
///
/// Everything that the loop owns (sockets, timers, transfers) is touched on its thread only; ``post(_:)`` is
/// the one door in from other threads.
// SAFETY: `raw` is used on the loop's own thread after `start()`; `wakeup` only through `uv_async_send`,
// which is thread-safe; the inbox is behind a Lock.
package final class EventLoop: @unchecked Sendable {
    /// The libuv loop; only for wrappers in Support, only on the loop's thread.
    package let raw: UnsafeMutablePointer<uv_loop_t>
    private let wakeup: UnsafeMutablePointer<uv_async_t>
    private let inbox = Lock(Inbox())
    private var spare: [@Sendable () -> Void] = []

    private struct Inbox {
        var jobs: [@Sendable () -> Void] = []
        var thread: Thread?
    }

    /// Creates a loop that does not run yet.
    package init() throws(EventLoopError) {
        raw = .allocate(capacity: 1)
        wakeup = .allocate(capacity: 1)
        let code = uv_loop_init(raw)
        guard code == 0 else { throw .system(code) }
        let async = uv_async_init(raw, wakeup) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().runPosted()
        }
        guard async == 0 else { throw .system(async) }
        // Unretained: the loop outlives its own wake-up handle.
        wakeup.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        wakeup.deallocate()
        raw.deallocate()
    }

    /// Starts the loop's thread.
    package func start(named name: String) throws(ThreadError) {
        let thread = try Thread(named: name) { [self] in
            uv_run(raw, UV_RUN_DEFAULT)
            uv_loop_close(raw)
        }
        inbox.withLock { $0.thread = thread }
    }

    /// Runs `job` on the loop's thread, after those posted before it.
    ///
    /// Callable from any thread.
    package func post(_ job: @escaping @Sendable () -> Void) {
        let first = inbox.withLock { inbox in
            inbox.jobs.append(job)
            return inbox.jobs.count == 1
        }
        if first { uv_async_send(wakeup) }
    }

    /// Ends the loop once every handle but its own is closed, and waits for its thread.
    ///
    /// Not from the loop's thread.
    package func stop() {
        post { [self] in
            uv_close(UnsafeMutableRawPointer(wakeup).assumingMemoryBound(to: uv_handle_t.self), nil)
        }
        inbox.withLock { $0.thread }?.join()
    }

    /// The loop's monotonic clock in milliseconds, read once an iteration.
    ///
    /// Loop thread only.
    package var nowMilliseconds: UInt64 { uv_now(raw) }

    private func runPosted() {
        inbox.withLock { swap(&$0.jobs, &spare) }
        for job in spare { job() }
        spare.removeAll(keepingCapacity: true)
    }
}

/// Why a loop, or something on it, could not be made.
package enum EventLoopError: Error, Hashable {
    /// A libuv call failed with this (negative) code.
    case system(Int32)

    /// The code in libuv's words.
    package var reason: String {
        switch self {
        case .system(let code): String(cString: uv_strerror(code))
        }
    }
}
