#if THREAD_SANITIZER
    import CPlatform

    /// A value behind a POSIX mutex, for runs under the thread sanitizer.
    ///
    /// Swift's own `Mutex` locks inside the runtime, where the sanitizer does not look: every use of it
    /// would be reported.
    // SAFETY: `value` is touched only between lock and unlock of `mutex`.
    package struct Lock<Value>: ~Copyable, @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        /// Creates a lock around `value`.
        package init(_ value: consuming sending Value) {
            mutex = .allocate(capacity: 1)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
            pthread_mutex_init(mutex, nil)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            value.deinitialize(count: 1)
            value.deallocate()
            mutex.deallocate()
        }

        /// Runs `body` with the value, alone.
        package borrowing func withLock<Answer, Failure: Error>(
            _ body: (inout Value) throws(Failure) -> Answer
        ) throws(Failure) -> Answer {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value.pointee)
        }
    }
#else
    package import Synchronization

    /// A value that one thread at a time can touch.
    package typealias Lock<Value: ~Copyable> = Mutex<Value>
#endif
