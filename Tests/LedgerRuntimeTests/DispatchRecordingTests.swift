import LedgerCore
import LedgerRuntime
import LedgerStore
import Logging
import TestSupport
import Testing
import Threads

@Suite("Agent runs, recorded")
struct DispatchRecordingTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    private func run(_ number: Int) -> DispatchIdentity {
        DispatchIdentity(
            dispatchID: UniqueID(bits: UInt128(number) << 64), user: ann, source: "web", kernel: "command")
    }

    private func start(_ number: Int) -> Command {
        .startDispatch(DispatchStarted(dispatch: run(number), queuedMilliseconds: 0, prompt: "hi"))
    }

    private func reserve(_ number: Int, in dispatch: DispatchIdentity) throws -> Command {
        let call = CallIdentity(
            callID: UniqueID(bits: UInt128(number)), user: ann, source: "proxy", provider: "anthropic",
            model: "claude-x", api: "messages", dispatchID: dispatch.dispatchID.text)
        return .reserve(
            call, Estimate(cost: try usd("2"), tokens: 10), priceBook: "book", isPriced: true)
    }

    /// A direct run's report: two models, three dollars.
    private func report(_ number: Int) throws -> DispatchReport {
        var usage = Usage()
        usage.input = 5
        return DispatchReport(
            dispatchID: run(number).dispatchID, result: .ok,
            shares: [
                DispatchShare(provider: "anthropic", model: "claude-x", usage: usage, cost: try usd("1")),
                DispatchShare(provider: "anthropic", model: "claude-y", usage: usage, cost: try usd("2")),
            ], cost: .priced(try usd("3")), priceBook: "book", durationMilliseconds: 40)
    }

    @Test("What a crash left open ends at the next start, calls first", arguments: [true, false])
    func restart(_ hasSnapshot: Bool) throws {
        do {
            let ledger = try house.open { if hasSnapshot { $0.snapshotInterval = 1 } }
            _ = try ledger.ask(start(1))
            _ = try ledger.ask(reserve(7, in: run(1)))
            _ = try ledger.ask(start(2))
            ledger.close()
        }
        try house.clock.set("2026-11-24T12:00:03Z")
        let ledger = try house.open()
        _ = try ledger.ask(start(3))
        defer { ledger.close() }
        let ends = try house.events().map(\.event).drop { $0.type != .callExpired }
        #expect(
            ends.map(\.type) == [.callExpired, .dispatchCompleted, .dispatchCompleted, .dispatchStarted])
        let completed = ends.compactMap { event in
            if case .dispatchCompleted(let completed) = event { completed } else { nil }
        }
        #expect(completed.map(\.billing) == [.proxied, .direct])
        #expect(completed.map(\.cost) == [.estimated(try usd("2")), .unpriced(holding: .zero)])
        #expect(completed.allSatisfy { $0.result == .error && $0.reason == "restart" })
        #expect(completed.map(\.durationMilliseconds) == [3_000, 3_000])
        #expect(ledger.read { $0.state.dispatches.count } == 1)
    }

    @Test("A direct run is money, in memory and in the database")
    func money() throws {
        let database = try TestDatabase()
        let ledger = try house.open()
        defer { ledger.close() }
        _ = try ledger.ask(
            .setQuota(ann, Quota(dailyLimit: try usd("3"), dailyTokens: nil), actor: "admin"))
        _ = try ledger.ask(start(1))
        let receipt = try ledger.ask(.completeDispatch(report(1)))
        #expect(receipt.remaining == .zero)
        let refused = try ledger.ask(start(2))
        #expect(refused.events.first?.event.type == .dispatchRejected)
        let url = database.server.url(database: database.name)
        let ingest = PostgresIngest(ledger: ledger, url: url, log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        let bell = ledger.subscribe()
        for _ in 0..<6_000 where ingest.currentStatus.position != ledger.position.value {
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        #expect(
            try database.row(
                "select sum(dispatches), sum(failed_dispatches), sum(calls), trim_scale(sum(cost_usd)),"
                    + " sum(input_tokens), count(*) from ledger.usage_hourly where kind = 'dispatch'")
                == ["1", "0", "0", "3", "10", "2"])
        #expect(
            try database.row(
                "select dispatch_id, source, provider, model, result, cost_state, trim_scale(cost_usd),"
                    + " duration_ms from ledger.events where type = 'dispatch.completed'")
                == [
                    run(1).dispatchID.text, "web", "anthropic", "claude-y", "ok", "priced", "3", "40",
                ])
        #expect(ledger.read { $0.usage.users[ann]?.total.dispatches } == 1)
    }
}
