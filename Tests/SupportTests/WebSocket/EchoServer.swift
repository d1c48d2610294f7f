import EventLoop
import HTTP
import Threads
import WebSocket

/// A server that sends back each text, on its own loop and a free port of loopback.
final class EchoServer: Sendable {
    /// How a socket ended.
    struct Ending: Hashable, Sendable {
        let code: WebSocketCloseCode
        let wasSlow: Bool

        init(_ code: WebSocketCloseCode, wasSlow: Bool = false) {
            self.code = code
            self.wasSlow = wasSlow
        }
    }

    let loop: EventLoop
    let server: HTTPServer
    let port: Int
    /// Loop thread only.
    let opened = Confined(Opened())
    private let endings = Endings()

    /// How sockets ended, in order, each to be waited for.
    private final class Endings: Sendable {
        let waiting = Lock<[Ending]>([])
        let mark = Mark()
    }

    /// Every socket that there was.
    final class Opened {
        struct Entry { weak var socket: WebSocket? }
        var entries: [Entry] = []
    }

    init(_ configure: (inout WebSocketConfiguration) -> Void = { _ in }) throws {
        var limits = WebSocketConfiguration()
        configure(&limits)
        var configuration = HTTPServerConfiguration()
        configuration.lingerTimeoutMilliseconds = 300
        let loop = try EventLoop()
        self.loop = loop
        let opened = opened
        let endings = endings
        server = HTTPServer(loop: loop, configuration: configuration) { [limits] exchange in
            guard let socket = WebSocket.accept(exchange, on: loop, configuration: limits) else { return }
            opened.value.entries.append(Opened.Entry(socket: socket))
            socket.start(
                onText: { [unowned socket] text in socket.send(text) },
                onClose: { code, wasSlow in
                    endings.waiting.withLock { $0.append(Ending(code, wasSlow: wasSlow)) }
                    endings.mark.raise()
                })
        }
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-echo")
    }

    /// Waits until a socket has ended.
    func ending() -> Ending {
        endings.mark.wait()
        return endings.waiting.withLock { $0.removeFirst() }
    }

    /// Runs `body` with the open sockets on the loop and waits for its result.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable ([WebSocket]) -> Result) -> Result {
        let box = Handoff<Result>()
        loop.post { [opened] in box.put(body(opened.value.entries.compactMap(\.socket))) }
        return box.take()
    }

    /// Drains the server and ends the loop; returns how many sockets are alive then.
    @discardableResult
    func stop() -> Int {
        let gone = Handoff<Bool>()
        loop.post { [server] in server.drain(withinMilliseconds: 0) { gone.put(true) } }
        _ = gone.take()
        let alive = onLoop { $0.count }
        loop.stop()
        return alive
    }
}
