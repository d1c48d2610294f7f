import Foundation
import LedgerCore
import LedgerStore
import Logging
import Metrics
import TestSupport
import Testing
import Threads

@testable import LedgerRuntime

@Suite("LeaseDesk")
struct LeaseDeskTests {
    private let fixture: LedgerFixture
    private let database: TestDatabase
    private let alice: UserID

    init() throws {
        fixture = try LedgerFixture()
        try fixture.clock.set("2040-01-01T12:00:00Z")
        database = try TestDatabase()
        alice = try user("alice")
    }

    private var url: String {
        database.server.url(database: database.name, user: "postgres", directory: nil)
    }

    private func desk(_ ledger: Ledger, _ policy: SharedBudgets = .closed) throws -> LeaseDesk {
        let desk = LeaseDesk(ledger, url: url, policy: policy, log: .silent)
        try desk.start()
        return desk
    }

    private func row() throws -> [String?] {
        try database.row(
            "select trim_scale(leased)::text, trim_scale(in_use)::text from ledger.budget_leases")
    }

    private func leased(_ ledger: Ledger) -> Int128 {
        let now = fixture.clock.now
        return ledger.read { view in
            view.state.leases(at: now).values.first?.leased ?? 0
        }
    }

    @Test("a call waits for its lease, and the end gives back what is not used")
    func once() throws {
        let ledger = try fixture.open()
        let desk = try desk(ledger)
        _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
        let receipt = try ledger.ask(reserve(1, of: alice, try usd("1")))
        #expect(receipt.last?.event.type == .callReserved)
        #expect(leased(ledger) > (try usd("1").attos))
        let changed = try ledger.ask(
            .setQuota(alice, Quota(dailyLimit: try usd("10.25")), actor: "admin"))
        #expect(changed.events.last?.event.type == .leaseSet)
        #expect(changed.last?.event.type == .quotaSet, "what was asked for, not what followed")
        let refused = try ledger.ask(reserve(2, of: alice, try usd("9.5")))
        #expect(refused.last?.event.type == .callRejected)
        _ = try ledger.ask(settle(1, of: alice, .priced(try usd("0.25"))))
        desk.stop()
        let counts: LeaseCounts = desk.counts
        var text = ExpositionWriter(.openMetrics)
        counts.write(to: &text)
        let metrics = String(decoding: text.finish(), as: UTF8.self)
        #expect(metrics.contains("ledger_leases_total{outcome=\"granted\"} "))
        #expect(!metrics.contains("ledger_leases_total{outcome=\"granted\"} 0"))
        #expect(metrics.contains("ledger_leases_total{outcome=\"refused\"} 0"))
        #expect(leased(ledger) == (try usd("0.25").attos))
        #expect(try row() == ["0.25", "0.25"])
        // Nobody leases for it any more.
        #expect(throws: LedgerError.closed) { try ledger.ask(reserve(3, of: alice, try usd("1"))) }
        ledger.close()
        #expect(try fixture.events().filter { $0.event.type == .leaseSet }.count >= 2)
    }

    @Test("a user's call goes by the pattern's new limit, whatever is leased of the old one")
    func pattern() throws {
        let ledger = try fixture.open()
        let desk = try desk(ledger)
        defer {
            desk.stop()
            ledger.close()
        }
        for (number, limit) in [(1, "10"), (2, "100"), (3, "4"), (4, "50")] {
            _ = try ledger.ask(
                .changeQuota(
                    QuotaSet(
                        subject: .unknownUsers, quota: Quota(dailyLimit: try usd(limit)), actor: "admin")))
            let receipt = try ledger.ask(reserve(number, of: alice, try usd("1")))
            #expect(receipt.last?.event.type == .callReserved, "\(limit)")
        }
        #expect(leased(ledger) >= (try usd("4").attos))
    }

    @Test("what a correction gives back is given back to all, by the model that was asked for")
    func correction() throws {
        let ledger = try fixture.open()
        let desk = try desk(ledger)
        defer {
            desk.stop()
            ledger.close()
        }
        let model = QuotaSubject.model("claude-x")
        _ = try ledger.ask(
            .changeQuota(
                QuotaSet(subject: model, quota: Quota(dailyLimit: try usd("10")), actor: "admin")))
        _ = try ledger.ask(reserve(1, of: alice, try usd("6")))
        _ = try ledger.ask(
            settle(1, of: alice, .priced(try usd("5")), input: 1_000, model: "claude-x-latest"))
        let rerating = RerateDesk(ledger, log: .silent)
        var scope = Rerating.Scope()
        scope.since = Timestamp(microseconds: 0)
        let order = RerateOrder(scope, by: ledger.prices, reason: "t", actor: "admin", isDryRun: false)
        #expect(rerating.start(order))
        for _ in 0..<8_000 {
            guard try row().first == "5" else { break }
            _ = Semaphore().wait(timeoutMilliseconds: 5)
        }
        rerating.stop()
        #expect(ledger.read { $0.state.lastAdjustment.value } > 0)
        let known = ledger.read { $0.state.meters(of: model, at: fixture.clock.now).first?.inUse }
        for _ in 0..<8_000 where leased(ledger) != known { _ = Semaphore().wait(timeoutMilliseconds: 5) }
        #expect(leased(ledger) == known)
    }

    @Test("a call is answered once, also when what it leaves cannot be given back")
    func answers() throws {
        let ledger = try fixture.open()
        let desk = try desk(ledger)
        defer {
            desk.stop()
            ledger.close()
        }
        _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: try usd("1.5")), actor: "admin"))
        _ = try ledger.ask(reserve(1, of: alice, try usd("1")))
        #expect(leased(ledger) > (try usd("1").attos), "something is there to be given back")
        try database.run(
            """
            insert into ledger.budget_leases
            select user_id, measure, period, ends_at, 'there', limit_amount, 0.3, 0.3, now(), ends_at
            from ledger.budget_leases;
            create function refuse() returns trigger language plpgsql as $$begin raise exception 'no'; end$$;
            create trigger refuse before update on ledger.budget_leases for each row
              when (new.leased < old.leased) execute function refuse()
            """)
        let answers = Lock(0)
        let isAnswered = Semaphore()
        // Within the limit as this ledger alone would have it, and more than nobody else has leased.
        ledger.submit(reserve(2, of: alice, try usd("0.5"))) { _ in
            answers.withLock { $0 += 1 }
            isAnswered.signal()
        }
        isAnswered.wait()
        #expect(!isAnswered.wait(timeoutMilliseconds: 500))
        #expect(answers.withLock { $0 } == 1)
        #expect(ledger.read { $0.state.open.count } == 1)
    }

    @Test("what was granted and never recorded, and what was recorded and never given back, is set right")
    func crash() throws {
        let ledger = try fixture.open()
        let first = try desk(ledger)
        _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
        _ = try ledger.ask(reserve(1, of: alice, try usd("1")))
        first.stop()
        // As if a grant of six had been on its way when the process ended.
        try database.run("update ledger.budget_leases set leased = 6")
        ledger.close()
        let again = try fixture.open()
        let second = try desk(again)
        defer {
            second.stop()
            again.close()
        }
        for _ in 0..<2_000 where try row() != ["1", "1"] { _ = Semaphore().wait(timeoutMilliseconds: 5) }
        #expect(try row() == ["1", "1"], "the call that was open counts as it held")
        #expect(leased(again) == (try usd("1").attos))
    }

    @Test("a limit that PostgreSQL has not heard of is told when it is reached again, whatever is leased")
    func untold() throws {
        let ledger = try fixture.open()
        defer { ledger.close() }
        let first = try desk(ledger)
        _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
        _ = try ledger.ask(reserve(1, of: alice, try usd("1")))
        first.stop()
        #expect(try row() == ["1", "1"])
        func limit() throws -> [String?] {
            try database.row("select trim_scale(limit_amount)::text from ledger.budget_leases")
        }
        try database.run("update ledger.budget_leases set limit_amount = 3")
        let second = try desk(ledger)
        defer { second.stop() }
        for _ in 0..<2_000 where try limit() != ["10"] { _ = Semaphore().wait(timeoutMilliseconds: 5) }
        #expect(try limit() == ["10"])
    }

    @Test("what is granted while the journal fails is not spent, and set right by the next claim")
    func unrecorded() throws {
        let ledger = try fixture.open()
        let desk = try desk(ledger)
        defer {
            desk.stop()
            ledger.close()
        }
        _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: try usd("10")), actor: "admin"))
        fixture.files.fail(.write, errno: 28)
        #expect(throws: LedgerError.self) { try ledger.ask(reserve(1, of: alice, try usd("1"))) }
        #expect(leased(ledger) == 0)
        fixture.files.heal()
        #expect(ledger.awaitHealth { $0.failure == nil })
        #expect(try ledger.ask(reserve(2, of: alice, try usd("1"))).last?.event.type == .callReserved)
        let held = try #require(try row()[0].flatMap { try? Money(decimal: $0) })
        #expect(held.attos == leased(ledger))
    }

    @Test("two journals spend one limit to its end, from many threads, and never more")
    func race() throws {
        let other = try LedgerFixture()
        try other.clock.set("2040-01-01T12:00:00Z")
        let ledgers = [
            try fixture.open(), try other.open { $0.origin = "there" },
        ]
        let desks = try ledgers.map { try desk($0) }
        let limit = try usd("3")
        for ledger in ledgers {
            _ = try ledger.ask(.setQuota(alice, Quota(dailyLimit: limit), actor: "admin"))
        }
        let spent = Lock(Money.zero)
        let asked = try usd("0.07")
        let paid = try usd("0.01")
        let threads = try (0..<16).map { number in
            try Thread(named: "caller-\(number)") { [alice] in
                let ledger = ledgers[number % 2]
                for step in 1...200 {
                    let id = number * 1_000 + step
                    let receipt = try? ledger.ask(reserve(id, of: alice, asked))
                    guard receipt?.last?.event.type == .callReserved else { continue }
                    _ = try? ledger.ask(settle(id, of: alice, .priced(paid)))
                    spent.withLock { $0 = $0.addingClamped(paid) }
                }
            }
        }
        for thread in threads { thread.join() }
        // Refused ones gave back what was left: one caller can spend that.
        var refusals = 0
        for step in 1...2_000 where refusals < 4 {
            let ledger = ledgers[step % 2]
            let receipt = try ledger.ask(reserve(99_000 + step, of: alice, asked))
            guard receipt.last?.event.type == .callReserved else {
                refusals += 1
                // PostgreSQL may have been slow for a moment.
                _ = Semaphore().wait(timeoutMilliseconds: 400)
                continue
            }
            refusals = 0
            _ = try ledger.ask(settle(99_000 + step, of: alice, .priced(paid)))
            spent.withLock { $0 = $0.addingClamped(paid) }
        }
        for desk in desks { desk.stop() }
        for ledger in ledgers { ledger.close() }
        let total = spent.withLock { $0 }
        #expect(total <= limit && limit.attos - total.attos < asked.attos)
    }
}
