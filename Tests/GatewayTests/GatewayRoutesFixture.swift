import Access
import EventLoop
import HTTP
import LedgerCore
import Metrics
import Service
import TestSupport
import Testing
import Threads

@testable import Gateway

/// Where the same test body finds the routes.
enum Transport: String, CaseIterable, Sendable {
    /// The router, in memory.
    case memory
    /// A server on loopback.
    case socket
}

/// Routes on a loop of their own, reached in memory or over a socket; gone at the end.
// SAFETY: `shell` and `server` are touched on the loop's thread only, once that runs.
final class GatewayRoutesFixture: @unchecked Sendable {
    static let secret = Array("a secret of the tests, 32 bytes long".utf8)
    static let adminToken = "admin-token-of-the-tests"
    static let access = GatewayAccess(
        KeyAccess(keySecret: secret, adminToken: adminToken))

    let loop: EventLoop
    private let transport: Transport
    private let shell: ServiceShell
    private let server: HTTPServer
    private let port: Int

    /// What a client got.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let text: String
    }

    /// Starts a shell with what `register` adds to it.
    convenience init(_ transport: Transport, _ register: (ServiceShell, EventLoop) throws -> Void) throws {
        try self.init(transport) { shell, loop, _ in try register(shell, loop) }
    }

    /// Starts a shell with what `register` adds to it and to its metrics.
    init(_ transport: Transport, _ register: (ServiceShell, EventLoop, MetricSet) throws -> Void) throws {
        self.transport = transport
        loop = try EventLoop()
        let set = MetricSet()
        shell = ServiceShell(
            named: "gateway", set: set, scrape: { set.render($0) },
            health: { HealthReport(.ok, parts: []) })
        try register(shell, loop, set)
        server = HTTPServer(loop: loop, handler: shell.handle)
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-gateway")
    }

    /// Ends the server and the loop.
    func stop() {
        let drained = Semaphore()
        loop.post { [server] in server.drain(withinMilliseconds: 0) { drained.signal() } }
        drained.wait()
        loop.stop()
    }

    /// A connection of the test's own.
    func open() throws -> RawClient { try RawClient(port: port) }

    /// Sends one request and waits for its answer.
    func send(
        _ method: String, _ target: String, _ headers: HTTPHeaders = [:], body: [UInt8] = []
    ) throws -> Answer {
        switch transport {
        case .memory: sendInMemory(method, target, headers, body)
        case .socket: try sendOverSocket(method, target, headers, body)
        }
    }

    /// Sends one request with a text as body.
    func send(
        _ method: String, _ target: String, _ headers: HTTPHeaders = [:], _ body: String
    ) throws -> Answer {
        try send(method, target, headers, body: Array(body.utf8))
    }

    private func sendInMemory(
        _ method: String, _ target: String, _ headers: HTTPHeaders, _ body: [UInt8]
    ) -> Answer {
        let done = Semaphore()
        let answer = Lock(Answer(status: 0, headers: [:], text: ""))
        var headers = headers
        if headers["host"] == nil { headers.add("host", "gateway") }
        let head = HTTPRequestHead(method: method, target: target, headers: headers)
        loop.post { [self] in
            let exchange = HTTPExchange(inMemory: head, body: body)
            let recorded = exchange.recorded
            // The shell counts the request at its end; this answers behind it.
            shell.handle(exchange)
            let counted = exchange.onFinished
            let finish = {
                answer.withLock {
                    $0 = Answer(
                        status: recorded?.status ?? 0, headers: recorded?.headers ?? [:],
                        text: recorded?.text ?? "")
                }
                done.signal()
            }
            if exchange.isEnded { return finish() }
            exchange.onFinished = { status, nanoseconds in
                counted?(status, nanoseconds)
                finish()
            }
        }
        done.wait()
        return answer.withLock { $0 }
    }

    private func sendOverSocket(
        _ method: String, _ target: String, _ headers: HTTPHeaders, _ body: [UInt8]
    ) throws -> Answer {
        let client = try RawClient(port: port)
        var lines = ["\(method) \(target) HTTP/1.1", "connection: close"]
        if headers["host"] == nil { lines.append("host: gateway") }
        for (name, value) in headers { lines.append("\(name): \(value)") }
        if !body.isEmpty || method == "POST" { lines.append("content-length: \(body.count)") }
        client.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        let bytes = try client.receiveAllBytes()
        let end = try #require(
            bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }, "no head")
        let head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        var fields: HTTPHeaders = [:]
        for line in head.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            fields.add(String(parts[0]), String(parts[1].drop { $0 == " " }))
        }
        let status = try #require(head.first.flatMap { Int($0.split(separator: " ")[1]) })
        return Answer(
            status: status, headers: fields, text: String(decoding: bytes[(end + 4)...], as: UTF8.self))
    }

    static func key(_ user: String) throws -> String {
        ProxyKey.mint(for: try #require(UserID(user)), secret: secret)
    }

    static let asAdmin: HTTPHeaders = ["authorization": "Bearer \(adminToken)"]

    static func asUser(_ user: String) throws -> HTTPHeaders { ["x-api-key": try key(user)] }
}
