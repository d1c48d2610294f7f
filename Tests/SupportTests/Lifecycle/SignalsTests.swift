import Glibc
import Lifecycle
import Synchronization
import Testing
import Threads

@Suite("Signals")
struct SignalsTests {
    /// Runs `body` on a thread of its own, because a mask and a directed signal belong to one.
    private func onOwnThread<Value: Sendable>(
        _ body: @escaping @Sendable (Signals) -> Value
    ) throws -> Value? {
        let box = Box<Value>()
        try Thread(named: "signals") {
            let value = body(Signals())
            box.value.withLock { $0 = value }
        }.join()
        return box.value.withLock { $0 }
    }

    static let known: [(Int32, Signal, Bool)] = [
        (SIGTERM, .terminate, true), (SIGINT, .interrupt, true), (SIGHUP, .hangUp, false),
    ]

    @Test("are delivered to whoever waits", arguments: known)
    func areDelivered(_ number: Int32, _ signal: Signal, _ stops: Bool) throws {
        let got = try onOwnThread { signals in
            pthread_kill(pthread_self(), number)
            return signals.wait()
        }
        #expect(got == signal)
        #expect(got?.stops == stops)
    }

    @Test("that have not come are not pending, and one that has is taken once")
    func pendingIsTakenOnce() throws {
        let got = try onOwnThread { signals in
            let before = signals.pending()
            pthread_kill(pthread_self(), SIGHUP)
            return [before, signals.pending(), signals.pending()]
        }
        #expect(got == [nil, .hangUp, nil])
    }

    @Test("ask to give up only when they stop the process, behind a hang-up too")
    func askToGiveUp() throws {
        let got = try onOwnThread { signals in
            var answers = [signals.askedToGiveUp()]
            pthread_kill(pthread_self(), SIGHUP)
            answers.append(signals.askedToGiveUp())
            pthread_kill(pthread_self(), SIGHUP)
            pthread_kill(pthread_self(), SIGTERM)
            answers.append(signals.askedToGiveUp())
            return answers
        }
        #expect(got == [false, false, true])
    }

    @Test("leave a write to a closed pipe as an error, not an end")
    func ignoreBrokenPipe() throws {
        let got = try onOwnThread { _ in
            var ends: [Int32] = [-1, -1]
            pipe(&ends)
            close(ends[0])
            var byte: UInt8 = 1
            let count = write(ends[1], &byte, 1)
            let code = errno
            close(ends[1])
            return [Int32(count), code]
        }
        #expect(got == [-1, EPIPE])
    }
}

/// Carries a value out of a thread.
private final class Box<Value: Sendable>: Sendable {
    let value = Lock<Value?>(nil)
}
