import Foundation
import LedgerCore
import LedgerRuntime
import Logging
import Synchronization
import Testing
import Threads

@testable import Gateway

/// The log route before a real ledger, in a directory of its own; gone at the end.
final class LogFixture {
    let gateway: GatewayRoutesFixture
    let ledger: Ledger
    private let routes: LogRoutes
    private let home: String

    static let noon = Timestamp(microseconds: 1_795_608_000_000_000)
    static let today = noon.day.text

    /// Starts everything.
    init(_ transport: Transport, scanBytesMax: Int = LogRoutes.scanBytesMax) throws {
        home = NSTemporaryDirectory() + "/ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        var settings = LedgerConfiguration(
            home: home, origin: "here", now: { Self.noon },
            monotonicNanoseconds: { DispatchTime.now().uptimeNanoseconds })
        settings.segmentBytesMax = 4_000
        let ledger = try Ledger(
            settings, prices: try PriceBookFile.embedded(), pricesSource: "test", log: .silent)
        self.ledger = ledger
        var made: LogRoutes?
        gateway = try GatewayRoutesFixture(transport) { shell, loop in
            let routes = try LogRoutes(
                ledger: ledger, loop: loop, access: GatewayRoutesFixture.access, log: .silent,
                scanBytesMax: scanBytesMax)
            routes.register(on: shell)
            made = routes
        }
        routes = try #require(made)
    }

    /// Ends the reading thread, the server and the ledger.
    func stop() {
        routes.close()
        gateway.stop()
        ledger.close()
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Where a segment of today lies.
    func path(_ name: String = "\(today).jsonl") -> String {
        ledger.configuration.logsDirectory + "/" + name
    }

    /// Records a reserved call of `user` from `source`, `count` times.
    func reserve(_ user: String, source: String, _ count: Int = 1) throws {
        let user = try #require(UserID(user))
        for _ in 0..<count {
            let call = CallIdentity(
                callID: UniqueID(bits: UInt128.random(in: 1...UInt128.max)), user: user, source: source,
                provider: "anthropic", model: "claude-x", api: "messages")
            try ask(.reserve(call, Estimate(cost: .zero, tokens: 1), priceBook: "b", isPriced: true))
        }
    }

    /// Asks the ledger and waits for its answer.
    func ask(_ command: Command) throws {
        let answer = Lock<Result<Receipt, LedgerError>?>(nil)
        let done = Semaphore()
        ledger.submit(command) { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        _ = try #require(answer.withLock { $0 }).get()
    }

    /// The lines of today on disk, in order.
    func lines() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: ledger.configuration.logsDirectory)
        let count = names.count { $0.hasSuffix(".jsonl") }
        return try (0..<count).flatMap { number in
            let name = number == 0 ? "\(Self.today).jsonl" : "\(Self.today).\(number).jsonl"
            return try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n")
                .map(String.init)
        }
    }
}

/// A page as a client reads it.
struct LogPage: Decodable {
    struct Entry: Decodable, Hashable {
        let position: Int
        let type: String
        let user: String?
        let source: String?
    }

    let date: String
    let entries: [Entry]
    let nextCursor: String?

    init(_ text: String) throws { self = try JSONDecoder().decode(LogPage.self, from: Data(text.utf8)) }
}
