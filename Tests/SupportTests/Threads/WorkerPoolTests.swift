import Synchronization
import Testing
import Threads

@Suite("WorkerPool")
struct WorkerPoolTests {
    @Test("It does what waits in order, takes no more than it may, and ends")
    func queue() throws {
        let waitingMax = 32
        let thread = try WorkerPool(named: "test-worker", waitingMax: waitingMax) { 0 }
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

    @Test("Several threads work side by side, each with a state of its own")
    func sideBySide() throws {
        let made = Atomic(0)
        let pool = try WorkerPool(named: "test-workers", threads: 3, waitingMax: 8) {
            made.add(1, ordering: .relaxed).newValue
        }
        let (met, release) = (Semaphore(), Semaphore())
        let states = Lock<[Int]>([])
        for _ in 0..<3 {
            let isTaken = pool.submit { state in
                let own = state
                states.withLock { $0.append(own) }
                met.signal()
                release.wait()
            }
            #expect(isTaken)
        }
        // None of them ends before all have begun.
        for _ in 0..<3 { met.wait() }
        for _ in 0..<3 { release.signal() }
        pool.close()
        #expect(states.withLock { $0.sorted() } == [1, 2, 3])
    }
}
