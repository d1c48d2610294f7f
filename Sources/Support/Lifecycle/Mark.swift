import Glibc
import Synchronization
import Threads

/// Something that happens once, on one thread, and that another thread waits for.
final class Mark: Sendable {
    private let happened = Lock(false)
    // A pipe and `poll`, because a semaphore's timed wait follows the wall clock, which can be set back.
    private let ends: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) != 0 { ends = [-1, -1] }
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    var isSet: Bool { happened.withLock { $0 } }

    func set() {
        happened.withLock { $0 = true }
        var byte: UInt8 = 1
        _ = Glibc.write(ends.write, &byte, 1)
    }

    /// Whether it has happened within this time; without a pipe (no descriptors left) it sleeps the time out.
    func wait(milliseconds: Int32) -> Bool {
        if isSet { return true }
        var request = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, milliseconds)
        return isSet
    }
}
