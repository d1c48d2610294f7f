import Glibc
import Lifecycle
import Logging
import Synchronization
import Testing
import Threads

@Suite("Shutdown")
struct ShutdownTests {
    private let recorder = LogRecorder()
    private let order = OrderRecorder()

    @Test("stops in reverse order and returns 0")
    func stopsInReverse() {
        var shutdown = Shutdown()
        for name in ["journal", "postgres", "http"] {
            shutdown.add(name) { [order] in order.append(name) }
        }
        #expect(shutdown.run(log: recorder.logger(), clock: .system) == 0)
        #expect(order.names == ["http", "postgres", "journal"])
        #expect(recorder.lines.count == 3)
    }

    @Test("leaves behind what does not stop in its time, says so, and stops the rest")
    func leavesBehind() throws {
        let release = Gate()
        var shutdown = Shutdown()
        shutdown.add("journal") { [order] in order.append("journal") }
        shutdown.add("stuck", limitMilliseconds: 40) { release.wait() }
        #expect(shutdown.run(log: recorder.logger(), clock: .system) == 1)
        release.open()
        #expect(order.names == ["journal"])
        #expect(
            try #require(recorder.lines.first)
                .hasSuffix(
                    #""message":"did not stop in time","what":"stuck","milliseconds_allowed":"40"}"# + "\n"))
    }

    @Test("spends no more than the total, whatever the single limits add up to")
    func spendsNoMore() {
        let release = Gate()
        var shutdown = Shutdown(limitMilliseconds: 60)
        for name in ["a", "b", "c"] { shutdown.add(name, limitMilliseconds: 50_000) { release.wait() } }
        let start = SystemClock.monotonicNanoseconds()
        #expect(shutdown.run(log: recorder.logger(), clock: .system) == 1)
        #expect(SystemClock.monotonicNanoseconds() - start < 10_000_000_000)
        release.open()
        #expect(recorder.lines.count == 3)
    }

    @Test("leaves at once when asked again")
    func leavesAtOnce() throws {
        let release = Gate()
        var shutdown = Shutdown()
        shutdown.add("journal") { [order] in order.append("journal") }
        shutdown.add("stuck", limitMilliseconds: 600_000) { release.wait() }
        #expect(shutdown.run(log: recorder.logger(), clock: .system, giveUp: { true }) == 1)
        release.open()
        #expect(order.names.isEmpty)
        #expect(try #require(recorder.lines.first).contains(#""not_stopped":"stuck, journal""#))
    }
}

/// The order in which things happened.
private final class OrderRecorder: Sendable {
    private let state = Lock<[String]>([])

    var names: [String] { state.withLock { $0 } }

    func append(_ name: String) { state.withLock { $0.append(name) } }
}

/// Holds threads back until it opens: a pipe that nobody writes to until then.
private final class Gate: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        self.ends = (ends[0], ends[1])
    }

    deinit { for end in [ends.read, ends.write] { close(end) } }

    func wait() {
        var request = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, -1) < 0, errno == EINTR {}
    }

    func open() {
        var byte: UInt8 = 1
        _ = write(ends.write, &byte, 1)
    }
}
