import Files
import Foundation
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Logging
import Synchronization
import TestSupport
import Testing
import Threads

/// A directory of one test's own, a clock that the test sets, and ledgers opened in it; removed at the end.
final class LedgerFixture: Sendable {
    let home: String
    let clock = TestClock("2026-11-24T12:00:00Z")
    let files = FailingFileSystem()

    init() throws {
        home = NSTemporaryDirectory() + "/ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    var configuration: LedgerConfiguration {
        var configuration = LedgerConfiguration(
            home: home, origin: "here", now: { [clock] in clock.now },
            monotonicNanoseconds: { DispatchTime.now().uptimeNanoseconds })
        configuration.files = files
        configuration.reopenPauseMilliseconds = 5
        return configuration
    }

    /// Opens the ledger.
    func open(
        prices: PriceBook? = nil, _ change: (inout LedgerConfiguration) -> Void = { _ in }
    ) throws -> Ledger {
        var configuration = configuration
        change(&configuration)
        return try Ledger(
            configuration, prices: try prices ?? Self.book(), pricesSource: "test", log: .silent)
    }

    /// A price book with one model, `claude-x`; `note` gives it another hash.
    static func book(_ note: String = "s") throws -> PriceBook {
        let text = PriceBookFileTests.valid.split(separator: "\"source\":\"s\"", maxSplits: 1)
        return try PriceBookFile.parse(
            Array("\(text[0])\"source\":\"\(note)\"\(text[1])".utf8), file: "book")
    }

    /// Every event on disk, the chain checked.
    func events() throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        let configuration = configuration
        try Replay(logsDirectory: configuration.logsDirectory, origin: configuration.origin).run {
            events.append($0)
        }
        return events
    }

    /// The names of the segments, sorted.
    func segments() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: configuration.logsDirectory)
            .filter { $0.hasSuffix(".jsonl") }.sorted()
    }
}

/// Time that stands until it is set.
final class TestClock: Sendable {
    private let time: Lock<Timestamp>

    init(_ text: String) { time = Lock(Timestamp(text.utf8) ?? Timestamp(microseconds: 0)) }

    var now: Timestamp { time.withLock { $0 } }

    func set(_ text: String) throws {
        let new = try #require(Timestamp(text.utf8))
        time.withLock { $0 = new }
    }
}

extension Ledger {
    /// Asks and waits for the answer.
    func ask(_ command: Command) throws(LedgerError) -> Receipt {
        let answer = Lock<Result<Receipt, LedgerError>?>(nil)
        let answered = Semaphore()
        submit(command) { result in
            answer.withLock { $0 = result }
            answered.signal()
        }
        answered.wait()
        guard let result = answer.withLock({ $0 }) else { throw .closed }
        return try result.get()
    }

    /// Waits until the published journal satisfies `condition`, at most ten seconds.
    func awaitHealth(_ condition: (JournalHealth) -> Bool) -> Bool {
        let bell = subscribe()
        for _ in 0..<10_000 {
            if condition(read { $0.journal }) { return true }
            _ = bell.wait(timeoutMilliseconds: 1)
        }
        return false
    }
}

/// The user called `name`.
func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

/// Dollars, from their text.
func usd(_ text: String) throws -> Money { try Money(decimal: text) }

/// The call number `number` of `user`.
func call(_ number: Int, of user: UserID, model: String = "claude-x") -> CallIdentity {
    CallIdentity(
        callID: UniqueID(bits: UInt128(number)), user: user, source: "proxy", provider: "anthropic",
        model: model, api: "messages")
}

/// Asks for at most `cost` for the call number `number`.
func reserve(_ number: Int, of user: UserID, _ cost: Money) -> Command {
    .reserve(call(number, of: user), Estimate(cost: cost, tokens: 10), priceBook: "book", isPriced: true)
}

/// Ends the call number `number` at `cost`.
func settle(
    _ number: Int, of user: UserID, _ cost: Cost, input: Int64 = 0, output: Int64 = 0,
    result: CallResult = .ok, model: String = "claude-x"
) -> Command {
    var usage = Usage()
    usage.input = input
    usage.output = output
    return .settle(
        CallSettled(
            call: call(number, of: user, model: model), result: result, status: 200, usage: usage,
            usageSource: .providerFinal, cost: cost, priceBook: "book", durationMilliseconds: 7))
}
