import EventLoop
import HTTP
import LedgerCore
import Testing
import TestSupport
import Threads

@testable import Gateway

/// A hub on a server of its own, before a stand-in desk; gone at the end.
// SAFETY: `desk`, `hub` and `server` are touched on the loop's thread only, once that runs.
final class ShellFixture: @unchecked Sendable {
    let loop: EventLoop
    let desk = StandInDesk()
    let hub: ShellHub
    let port: Int
    private let server: HTTPServer
    private let gauge = Gauge()

    /// What a hub has told of itself.
    final class Gauge: Sendable {
        let counts = Lock<[Int]>([])
        let slowReaders = Lock(0)
        let changed = Semaphore()
    }

    /// The user of a connection is what the path names after `/ws/`.
    init(
        alerts: [AlertReceived] = [], _ change: (inout ShellConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ShellConfiguration()
        change(&configuration)
        let loop = try EventLoop()
        self.loop = loop
        let gauge = gauge
        var today = ShellToday()
        today.cost = Money(attos: 1_500_000_000_000_000_001)
        today.calls = 3
        let source = ShellSource(today: { [today] _ in today }, firingAlerts: { alerts })
        let hub = ShellHub(
            loop: loop, desk: desk, source: source, configuration: configuration,
            onCount: { count in
                gauge.counts.withLock { $0.append(count) }
                gauge.changed.signal()
            }, onSlowReader: { gauge.slowReaders.withLock { $0 += 1 } })
        self.hub = hub
        var limits = HTTPServerConfiguration()
        limits.lingerTimeoutMilliseconds = 300
        server = HTTPServer(loop: loop, configuration: limits) { exchange in
            let name = exchange.head.path.split(separator: "/").last.map(String.init) ?? ""
            guard let user = UserID(name) else { return exchange.respond(status: 401) }
            hub.open(exchange, for: user)
        }
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-shell")
    }

    /// How many shells were open, each time that changed.
    var counts: [Int] { gauge.counts.withLock { $0 } }

    var slowReaders: Int { gauge.slowReaders.withLock { $0 } }

    /// Waits until the last count is `count`.
    func wait(count: Int) {
        while counts.last != count { gauge.changed.wait() }
    }

    /// Runs `body` on the loop and waits for its result.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (ShellFixture) -> Result) -> Result {
        let box = Lock<Result?>(nil)
        let done = Semaphore()
        loop.post { [self] in
            let result = body(self)
            box.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        while true { if let result = box.withLock({ $0 }) { return result } }
    }

    /// Connects as `user` and takes the first message.
    func connect(_ user: String = "ann", headers: [String] = []) throws -> WebSocketClient {
        let client = try WebSocketClient(port: port, path: "/ws/\(user)", headers: headers)
        if client.status == "101" {
            let first = try client.receive()
            #expect(first?.text.hasPrefix(#"{"type":"ready","user":"\#(user)""#) == true)
        }
        return client
    }

    /// Ends the server and the loop.
    func stop() {
        let drained = Semaphore()
        loop.post { [server] in server.drain(withinMilliseconds: 0) { drained.signal() } }
        drained.wait()
        desk.clear()
        loop.stop()
    }
}
