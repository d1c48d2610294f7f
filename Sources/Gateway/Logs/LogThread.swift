import Synchronization
import Threads

/// A thread for work that blocks, with a bounded queue before it.
final class LogThread: Sendable {
    /// How many jobs may wait.
    static let waitingMax = 32

    private let queue = Lock(Queue())
    private let wakeup = Semaphore()
    private let thread = Lock<Thread?>(nil)

    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    /// Starts the thread.
    init() throws(ThreadError) {
        let thread = try Thread(named: "gateway-logs") { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// Runs `job` after those before it; false, and nothing done, when too many wait or it is closed.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = queue.withLock { queue in
            guard !queue.isClosed, queue.jobs.count < Self.waitingMax else { return false }
            queue.jobs.append(job)
            return true
        }
        if isTaken { wakeup.signal() }
        return isTaken
    }

    /// Does what waits and ends the thread; blocks until then.
    func close() {
        queue.withLock { $0.isClosed = true }
        wakeup.signal()
        thread.withLock { $0.take() }?.join()
    }

    private func run() {
        while true {
            let (job, isClosed) = queue.withLock { queue in
                (queue.jobs.isEmpty ? nil : queue.jobs.removeFirst(), queue.isClosed)
            }
            if let job {
                job()
            } else if isClosed {
                return
            } else {
                wakeup.wait()
            }
        }
    }
}
