import Synchronization

/// A serial executor on one dedicated thread, for actors that wrap blocking C calls.
///
/// The thread ends when the executor is stopped; otherwise it lives as long as the process. An actor adopts
/// it with
/// `nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }`.
package final class ThreadExecutor: SerialExecutor {
    // Unbounded on purpose: each job is a task that already exists, and a job that is refused would never
    // end.
    private let queue = BlockingQueue<UnownedJob>(countMax: .max)
    private let thread = Lock<Thread?>(nil)
    private let started = Semaphore()

    /// Starts the thread.
    package init(named name: String) throws(ThreadError) {
        let thread = try Thread(named: name) { [self] in
            started.wait()
            while let job = queue.pop() { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
        self.thread.withLock { $0 = thread }
        started.signal()
    }

    /// Runs `job` on this thread, after those before it.
    package func enqueue(_ job: consuming ExecutorJob) {
        let queued = queue.push(UnownedJob(job))
        precondition(queued, "no job comes after stop()")
    }

    /// Traps unless called on this thread.
    package func checkIsolated() { precondition(isCurrent, "not on this executor's thread") }

    /// Whether the caller runs on this thread.
    package var isCurrent: Bool { thread.withLock { $0?.isCurrent ?? false } }

    /// Ends the thread after the jobs that are queued, and waits for it.
    ///
    /// Not from the thread itself.
    package func stop() {
        queue.close()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
