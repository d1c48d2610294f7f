import Synchronization

/// A thread for work that blocks, with a bounded queue before it.
///
/// `State` is made on the thread and handed to each job: a connection that is the thread's alone, say.
package final class WorkerThread<State>: Sendable {
    /// One piece of work.
    package typealias Job = @Sendable (inout State) -> Void

    private let waitingMax: Int
    private let queue = Lock(Queue())
    private let wakeup = Semaphore()
    private let thread = Lock<Thread?>(nil)

    private struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// Starts the thread; at most `waitingMax` jobs wait.
    package init(
        named name: String, waitingMax: Int, _ makeState: @escaping @Sendable () -> State
    ) throws(ThreadError) {
        self.waitingMax = waitingMax
        let thread = try Thread(named: name) { [self] in
            var state = makeState()
            run(&state)
        }
        self.thread.withLock { $0 = thread }
    }

    /// Runs `job` after those before it; false, and nothing done, when too many wait or it is closed.
    package func submit(_ job: @escaping Job) -> Bool {
        let isTaken = queue.withLock { queue in
            guard !queue.isClosed, queue.jobs.count < waitingMax else { return false }
            queue.jobs.append(job)
            return true
        }
        if isTaken { wakeup.signal() }
        return isTaken
    }

    /// Does what waits and ends the thread; blocks until then.
    package func close() {
        queue.withLock { $0.isClosed = true }
        wakeup.signal()
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ state: inout State) {
        while true {
            let (job, isClosed) = queue.withLock { queue in
                (queue.jobs.isEmpty ? nil : queue.jobs.removeFirst(), queue.isClosed)
            }
            if let job {
                job(&state)
            } else if isClosed {
                return
            } else {
                wakeup.wait()
            }
        }
    }
}
