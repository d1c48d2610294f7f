import Synchronization

/// A few threads for work that blocks, with one bounded queue before them.
///
/// Each has a `State` of its own, made on the thread and handed to each of its jobs: a connection, say.
package final class WorkerPool<State>: Sendable {
    /// One piece of work.
    package typealias Job = @Sendable (inout State) -> Void

    private let waitingMax: Int
    private let queue = Lock(Queue())
    private let wakeup = Semaphore()
    private let threads = Lock<[Thread]>([])

    private struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// Starts the threads; at most `waitingMax` jobs wait.
    package init(
        named name: String, inBackground isBackground: Bool = false, threads count: Int = 1, waitingMax: Int,
        _ makeState: @escaping @Sendable () -> State
    ) throws(ThreadError) {
        self.waitingMax = waitingMax
        for _ in 0..<count {
            let thread = try Thread(named: name, inBackground: isBackground) { [self] in
                var state = makeState()
                run(&state)
            }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Runs `job` when a thread is free, those before it first; false, and nothing done, when too many wait
    /// or it is closed.
    package func submit(_ job: @escaping Job) -> Bool {
        let isTaken = queue.withLock { queue in
            guard !queue.isClosed, queue.jobs.count < waitingMax else { return false }
            queue.jobs.append(job)
            return true
        }
        if isTaken { wakeup.signal() }
        return isTaken
    }

    /// Does what waits and ends the threads; blocks until then.
    package func close() {
        queue.withLock { $0.isClosed = true }
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for _ in threads { wakeup.signal() }
        for thread in threads { thread.join() }
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
