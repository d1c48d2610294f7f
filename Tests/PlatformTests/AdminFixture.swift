import Access
import EventLoop
import Foundation
import HTTP
import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import Service
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Platform

/// The admin desk before a real ledger, reached over a socket; in a directory of its own, gone at the end.
// SAFETY: `shell`, `server` and `desk` are touched on the loop's thread only, once that runs.
final class AdminFixture: @unchecked Sendable {
    static let secret = Array("a secret of the tests, 32 bytes long".utf8)
    static let adminToken = "admin-token-of-the-tests"
    static let asAdmin: HTTPHeaders = ["authorization": "Bearer \(adminToken)"]

    let ledger: Ledger
    let desk: AdminDesk
    let loop: EventLoop
    let port: Int
    private let home: String
    private let shell: ServiceShell
    private let server: HTTPServer
    private let calls = Lock(0)

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let text: String
    }

    init(
        _ now: String = "2026-11-24T12:00:00Z", postgresURL: String? = nil, chartScript: [UInt8]? = nil,
        _ complete: (inout DashboardSource) -> Void = { _ in }
    ) throws {
        home = NSTemporaryDirectory() + "/ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let time = ClockOfTests(try #require(Timestamp(now.utf8)))
        let settings = LedgerConfiguration(
            home: home, origin: "here", now: { time.now },
            monotonicNanoseconds: { DispatchTime.now().uptimeNanoseconds })
        let ledger = try Ledger(
            settings, prices: try PriceBookFile.embedded(), pricesSource: "test", log: .silent)
        self.ledger = ledger
        self.time = time
        loop = try EventLoop()
        let set = MetricSet()
        shell = ServiceShell(
            named: "platform", set: set, scrape: { set.render($0) },
            health: { HealthReport(.ok, parts: []) })
        var source = DashboardSource()
        source.version = "1.2.3"
        complete(&source)
        desk = try AdminDesk(
            loop: loop, ledger: ledger,
            access: KeyAccess(keySecret: Self.secret, adminToken: Self.adminToken), source: source,
            postgresURL: postgresURL, reads: reads, chartScript: chartScript,
            recorder: EventRoutes.Recorder(ledger),
            shell: shell, log: .silent)
        server = HTTPServer(loop: loop, handler: shell.handle)
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-platform")
        // The price book's publication is the first event.
        let bell = ledger.subscribe()
        for _ in 0..<1_000 where ledger.position.value == 0 { _ = bell.wait(timeoutMilliseconds: 10) }
    }

    let reads = PostgresReads()
    private let time: ClockOfTests

    /// Sets the ledger's time.
    func set(_ text: String) throws { time.set(try #require(Timestamp(text.utf8))) }

    func stop() {
        let drained = Semaphore()
        let streaming = Confined(desk)
        loop.post { [server] in
            streaming.value.closeStreams()
            server.drain(withinMilliseconds: 0) { drained.signal() }
        }
        drained.wait()
        desk.close()
        // The ledger first: its last answers go to the loop.
        ledger.close()
        loop.stop()
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Sends one request and waits for its answer.
    func send(
        _ method: String, _ target: String, _ headers: HTTPHeaders = asAdmin, _ body: String = ""
    ) throws -> Answer {
        let client = try RawClient(port: port)
        var lines = ["\(method) \(target) HTTP/1.1", "host: platform", "connection: close"]
        for (name, value) in headers { lines.append("\(name): \(value)") }
        if method == "POST" { lines.append("content-length: \(body.utf8.count)") }
        client.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
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

    /// Records a call of `user` that cost `cost`.
    func call(_ user: String, _ cost: Cost, model: String = "claude-x", source: String = "proxy") throws {
        let number = calls.withLock {
            $0 += 1
            return $0
        }
        let identity = CallIdentity(
            callID: UniqueID(bits: UInt128(number)), user: try #require(UserID(user)), source: source,
            provider: "anthropic", model: model, api: "messages")
        try ask(.reserve(identity, Estimate(cost: .zero, tokens: 1), priceBook: "b", isPriced: true))
        var usage = Usage()
        usage.input = 7
        usage.output = 3
        try ask(
            .settle(
                CallSettled(
                    call: identity, result: .ok, status: 200, usage: usage, usageSource: .providerFinal,
                    cost: cost, priceBook: "b", durationMilliseconds: 5)))
    }

    /// Asks the ledger and waits for its answer.
    @discardableResult func ask(_ command: Command) throws -> Receipt {
        let answer = Lock<Result<Receipt, LedgerError>?>(nil)
        let done = Semaphore()
        ledger.submit(command) { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return try #require(answer.withLock { $0 }).get()
    }

    static func asUser(_ user: String) throws -> HTTPHeaders {
        ["x-api-key": ProxyKey.mint(for: try #require(UserID(user)), secret: secret)]
    }
}

/// Time that stands until it is set.
final class ClockOfTests: Sendable {
    private let time: Lock<Timestamp>

    init(_ now: Timestamp) { time = Lock(now) }

    var now: Timestamp { time.withLock { $0 } }

    func set(_ now: Timestamp) { time.withLock { $0 = now } }
}
