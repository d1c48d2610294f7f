import EventLoop
import Glibc
import HTTP
import Synchronization
import Threads

/// A server on its own loop and thread, on a free port of loopback.
final class LiveServer: Sendable {
    let loop: EventLoop
    let server: HTTPServer
    let port: Int

    init(
        _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        handler: @escaping (HTTPExchange) -> Void
    ) throws {
        var configuration = HTTPServerConfiguration()
        configuration.lingerTimeoutMilliseconds = 300
        configure(&configuration)
        loop = try EventLoop()
        server = HTTPServer(loop: loop, configuration: configuration, handler: handler)
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-http")
    }

    /// Runs `body` on the loop and waits for its result.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (HTTPServer) -> Result) -> Result {
        let box = Handoff<Result>()
        loop.post { [server] in box.put(body(server)) }
        return box.take()
    }

    /// Drains the server, waits until nothing is left, and ends the loop; returns the handles left then.
    @discardableResult
    func stop(withinMilliseconds milliseconds: UInt64 = 0) -> Int {
        let box = Handoff<Int>()
        loop.post { [server] in
            server.drain(withinMilliseconds: milliseconds) { box.put(server.handlesLive) }
        }
        let left = box.take()
        loop.stop()
        return left
    }
}

/// A value that one thread waits for and another one brings.
final class Handoff<Value: Sendable>: Sendable {
    private let value = Lock<Value?>(nil)
    private let arrived: Mark = Mark()

    func put(_ new: Value) {
        value.withLock { $0 = new }
        arrived.raise()
    }

    func take() -> Value {
        while true {
            if let value = value.withLock({ $0 }) { return value }
            arrived.wait()
        }
    }
}

/// A semaphore.
// SAFETY: `sem_post` and `sem_wait` are thread-safe.
final class Mark: @unchecked Sendable {
    private let raw = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(raw, 0, 0) }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    func raise() { sem_post(raw) }
    func wait() { sem_wait(raw) }
}

extension LiveServer {
    /// Lets the loop take what has arrived: two turns of it.
    func settle() {
        _ = onLoop { _ in 0 }
        _ = onLoop { _ in 0 }
    }
}
