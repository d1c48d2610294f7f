import Synchronization
import Testing
import Threads

@testable import Gateway

@Suite("Log thread")
struct LogThreadTests {
    @Test("It does what waits in order, takes no more than it may, and ends")
    func queue() throws {
        let thread = try LogThread()
        let (started, release) = (Semaphore(), Semaphore())
        let done = Lock<[Int]>([])
        let first = thread.submit {
            started.signal()
            release.wait()
        }
        #expect(first)
        started.wait()
        for number in 0...LogThread.waitingMax {
            let isTaken = thread.submit { done.withLock { $0.append(number) } }
            #expect(isTaken == (number < LogThread.waitingMax))
        }
        release.signal()
        thread.close()
        #expect(done.withLock { $0 } == Array(0..<LogThread.waitingMax))
        let late = thread.submit {}
        #expect(!late)
    }
}
