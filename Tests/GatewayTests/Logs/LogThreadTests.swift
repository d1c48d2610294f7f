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
        #expect(
            thread.submit {
                started.signal()
                release.wait()
            })
        started.wait()
        for number in 0..<LogThread.waitingMax {
            #expect(thread.submit { done.withLock { $0.append(number) } })
        }
        #expect(!thread.submit { done.withLock { $0.append(-1) } })
        release.signal()
        thread.close()
        #expect(done.withLock { $0 } == Array(0..<LogThread.waitingMax))
        #expect(!thread.submit {})
    }
}
