import Wire
import Access
import EventLoop
import Foundation
import HTTP
import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import Proxy
import Service
import TestSupport
import Testing
import Threads

/// The real proxy and a real ledger before a scripted provider; everything on loopback, gone at the end.
// SAFETY: `service` and `server` are touched on the loop's thread only, once that runs.
final class ProxyFixture: @unchecked Sendable {
    static let secret = Array("a secret of the tests, 32 bytes long".utf8)
    static let adminToken = "admin-token-of-the-tests"

    let files = FailingFileSystem()
    let ledger: Ledger
    let port: Int
    let upstream: ScriptedPeer
    private let home: String
    let loop: EventLoop
    private let server: HTTPServer
    let service: ProxyService

    /// Starts everything; `script` plays the provider, one connection at a time.
    init(
        _ change: (inout ProxyConfiguration) -> Void = { _ in },
        upstream script: @escaping @Sendable (ScriptedPeer.Connection) -> Void
    ) throws {
        home = NSTemporaryDirectory() + "/ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let upstream = ScriptedPeer(script)
        self.upstream = upstream
        var settings = LedgerConfiguration(
            home: home, origin: "here",
            now: { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) },
            monotonicNanoseconds: { DispatchTime.now().uptimeNanoseconds })
        settings.files = files
        settings.reopenPauseMilliseconds = 5
        ledger = try Ledger(
            settings, prices: try PriceBookFile.embedded(), pricesSource: "test", log: .silent)
        var configuration = ProxyConfiguration(
            upstreams: Dictionary(
                uniqueKeysWithValues: Provider.allCases.map {
                    ($0, .init(url: "http://127.0.0.1:\(upstream.port)", key: "real-key"))
                }), keySecret: Self.secret, adminToken: Self.adminToken)
        change(&configuration)
        loop = try EventLoop()
        let set = MetricSet()
        let shell = ServiceShell(
            named: "proxy", set: set, scrape: { set.render($0) }, health: { HealthReport(.ok, parts: []) })
        let service = try ProxyService(
            loop: loop, ledger: ledger, configuration: configuration, shell: shell, set: set, usersMax: 100,
            log: .silent)
        self.service = service
        server = HTTPServer(loop: loop, handler: service.handle)
        port = try server.listen(host: "127.0.0.1", port: 0)
        try loop.start(named: "test-proxy")
        // Answered behind what the start itself records.
        try ask(.removeQuota(try #require(UserID("nobody")), actor: "test"))
    }

    /// Ends the calls, the server, the ledger and the loop, in this order.
    func stop() {
        endCalls()
        let drained = Semaphore()
        loop.post { [server] in server.drain(withinMilliseconds: 0) { drained.signal() } }
        drained.wait()
        // The ledger first: its last answers go to the loop.
        ledger.close()
        loop.stop()
        upstream.stop()
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Ends the wait for the provider, as a shutdown does, and waits until each call is settled.
    func endCalls() {
        let ended = Semaphore()
        loop.post { [self] in service.endCalls { ended.signal() } }
        ended.wait()
    }

    /// Every event on disk, the chain checked.
    func events() throws -> [Event] {
        var events: [Event] = []
        let configuration = ledger.configuration
        try Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin).run {
            events.append($0.event)
        }
        return events
    }

    /// The settlements on disk, once there are `count`; waits at most ten seconds for them.
    func settled(_ count: Int = 1) throws -> [CallSettled] {
        let bell = ledger.subscribe()
        for _ in 0..<2_000 {
            if ledger.read({ $0.usage.models.values.reduce(0) { $0 + $1.calls } }) >= Int64(count) { break }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        return try events().compactMap { if case .callSettled(let event) = $0 { event } else { nil } }
    }

    /// Asks the ledger directly and waits.
    func ask(_ command: Command) throws {
        let done = Semaphore()
        ledger.submit(command) { _ in done.signal() }
        done.wait()
    }

    /// Sets what `user` may spend a day.
    func limit(_ user: String, dollars: String) throws {
        let name = try #require(UserID(user))
        try ask(.setQuota(name, Quota(dailyLimit: try Money(decimal: dollars)), actor: "admin"))
    }

    /// The samples of `/metrics` that start with `name`.
    func samples(_ name: String) throws -> [String] {
        let answer = try send("GET", "/metrics", headers: [])
        return answer.text.split(separator: "\n").map(String.init).filter { $0.hasPrefix(name + "{") }
    }

    static func key(_ user: String) throws -> String {
        ProxyKey.mint(for: try #require(UserID(user)), secret: secret)
    }
}
