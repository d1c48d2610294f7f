import Foundation
import LedgerCore
import LedgerRuntime
import Logging
import Testing
import Threads

@Suite("RerateDesk")
struct RerateDeskTests {
    private let fixture: LedgerFixture
    private let alice: UserID

    init() throws {
        fixture = try LedgerFixture()
        alice = try user("alice")
    }

    /// Waits until the order has ended, at most ten seconds.
    private func end(of desk: RerateDesk) -> RerateStatus? {
        for _ in 0..<10_000 {
            if let status = desk.status, status.phase != .reading { return status }
            _ = Semaphore().wait(timeoutMilliseconds: 1)
        }
        return nil
    }

    private func order(_ book: PriceBook, isDryRun: Bool = false) -> RerateOrder {
        RerateOrder(Rerating.Scope(), by: book, reason: "test", actor: "admin", isDryRun: isDryRun)
    }

    /// `count` calls of 1,000 tokens in that are said to have cost 30 dollars each.
    private func fill(_ ledger: Ledger, _ count: Int) throws {
        for number in 1...count {
            _ = try ledger.ask(reserve(number, of: alice, try usd("40")))
            _ = try ledger.ask(settle(number, of: alice, .priced(try usd("30")), input: 1_000))
        }
    }

    @Test("an order corrects each call once, and the same order again changes nothing")
    func twice() throws {
        let ledger = try fixture.open()
        try fill(ledger, 130)
        let desk = RerateDesk(ledger, log: .silent)
        #expect(desk.start(order(ledger.prices, isDryRun: true)))
        let preview = try #require(end(of: desk))
        #expect(preview.appended == 0)
        guard case .done(let sums) = preview.phase, let row = sums.values.first else {
            Issue.record("no preview: \(preview.phase)")
            return
        }
        #expect(row.count == 130 && row.changed == 130)
        #expect(row.old == (try usd("3900")))
        let position = ledger.position
        #expect(desk.start(order(ledger.prices)))
        #expect(end(of: desk)?.appended == 130)
        #expect(ledger.position == Position(position.value + 130))
        let total = try #require(ledger.read { $0.usage.users[alice] }).total
        let billed = try usd("3900")
        #expect(total.cost == row.new && total.billed == billed && total.adjustments == 130)
        #expect(ledger.read { $0.state.budget(of: alice, at: fixture.clock.now).day.used } == row.new)
        #expect(desk.start(order(ledger.prices)))
        #expect(end(of: desk)?.appended == 0)
        desk.stop()
        ledger.close()
    }

    @Test("an order that the disk cut short is done by the next one, and each call is corrected once")
    func interrupted() throws {
        let ledger = try fixture.open()
        try fill(ledger, 100)
        let desk = RerateDesk(ledger, log: .silent)
        let one = fixture.files.stallNextSync()
        #expect(desk.start(order(ledger.prices)))
        one.arrived.wait()
        let two = fixture.files.stallNextSync()
        one.release.signal()
        two.arrived.wait()
        fixture.files.fail(.sync, errno: EIO)
        two.release.signal()
        let first = try #require(end(of: desk))
        guard case .failed = first.phase else {
            Issue.record("ended \(first.phase)")
            return
        }
        #expect(first.appended == 64)
        fixture.files.heal()
        #expect(ledger.awaitHealth { $0.failure == nil })
        #expect(desk.start(order(ledger.prices)))
        #expect(try #require(end(of: desk)).appended == 36)
        let total = try #require(ledger.read { $0.usage.users[alice] }).total
        #expect(total.adjustments == 100)
        desk.stop()
        ledger.close()
    }

    @Test("at a start, what has no price gets the one that is known now, and nothing else changes")
    func unpriced() throws {
        let first = try fixture.open()
        try fill(first, 1)
        _ = try first.ask(reserve(2, of: alice, try usd("1")))
        _ = try first.ask(settle(2, of: alice, .unpriced(holding: try usd("1")), input: 1_000))
        first.close()
        let second = try fixture.open()
        let desk = RerateDesk(second, log: .silent)
        desk.startForUnpriced()
        #expect(end(of: desk)?.appended == 1)
        let total = try #require(second.read { $0.usage.users[alice] }).total
        #expect(total.unpricedCalls == 0 && total.held == .zero)
        #expect(total.billed == (try usd("30")))
        let adjustment = try #require(try fixture.events().last)
        guard case .costAdjusted(let event) = adjustment.event else {
            Issue.record("the last event is \(adjustment.event.type)")
            return
        }
        #expect(event.actor == "ledger" && event.target.position == Position(5))
        desk.stop()
        #expect(!desk.start(order(second.prices)))
        second.close()
    }
}
