import Synchronization
import Testing
import Threads

@Suite("WorkerThread")
struct WorkerThreadTests {
    @Test("It does what waits in order, takes no more than it may, and ends")
    func queue() throws {
        let waitingMax = 32
        let thread = try WorkerThread(named: "test-worker", waitingMax: waitingMax) { 0 }
        let (started, release) = (Semaphore(), Semaphore())
        let done = Lock<[Int]>([])
        let first = thread.submit { _ in
            started.signal()
            release.wait()
        }
        #expect(first)
        started.wait()
        for number in 0...waitingMax {
            let isTaken = thread.submit { count in
                count += 1
                let place = count
                done.withLock { $0.append(number * place) }
            }
            #expect(isTaken == (number < waitingMax))
        }
        release.signal()
        thread.close()
        // Each found the state as the one before had left it.
        #expect(done.withLock { $0 } == (0..<waitingMax).map { $0 * ($0 + 1) })
        let late = thread.submit { _ in }
        #expect(!late)
    }
}
