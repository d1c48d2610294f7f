import Files
import LedgerCore
import LedgerRuntime
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("Ledger on a failing disk")
struct LedgerFaultTests {
    /// One way in which the disk fails.
    struct Fault: Sendable, CustomTestStringConvertible {
        let operation: FileError.Operation
        let errno: Int32

        var testDescription: String { "\(operation.rawValue) fails with \(errno)" }
    }

    // EIO is 5, ENOSPC is 28.
    static let faults = [
        Fault(operation: .sync, errno: 5), Fault(operation: .write, errno: 28),
        Fault(operation: .write, errno: 5), Fault(operation: .sync, errno: 28),
    ]

    @Test(
        "Nothing of the batch is acknowledged or seen, and the ledger opens again by itself",
        arguments: faults)
    func fault(_ fault: Fault) throws {
        let house = try LedgerFixture()
        let ann = try user("ann")
        let ledger = try house.open()
        defer { ledger.close() }
        var acknowledged = try ledger.ask(reserve(1, of: ann, try usd("1"))).events
        let before = ledger.read { $0 }
        house.files.fail(fault.operation, errno: fault.errno)
        let results = Lock<[LedgerError?]>([])
        let answered = Semaphore()
        for number in 2...11 {
            ledger.submit(reserve(number, of: ann, .zero)) { result in
                results.withLock { $0.append(result.error) }
                answered.signal()
            }
        }
        for _ in 2...11 { answered.wait() }
        for error in results.withLock({ $0 }) {
            guard case .unavailable(let reason) = error else {
                Issue.record("answered with \(String(describing: error))")
                continue
            }
            #expect(!reason.isEmpty)
        }
        #expect(ledger.read { $0.state } == before.state)
        #expect(ledger.position == Position(2))
        #expect(ledger.read { $0.journal.failure } != nil)

        house.files.heal()
        #expect(ledger.awaitHealth { $0.failure == nil }, "no caller is needed to open it again")
        acknowledged += try ledger.ask(settle(1, of: ann, .priced(try usd("0.5")))).events
        acknowledged += try ledger.ask(reserve(2, of: ann, .zero)).events
        let events = try house.events()
        #expect(Array(events.dropFirst()) == acknowledged)
        #expect(events.map(\.position.value) == [1, 2, 3, 4])
        #expect(try house.segments().count == 2, "it goes on in a new segment")
    }

    @Test("What a restart has to record is recorded when the disk comes back")
    func openingIsNotForgotten() throws {
        let house = try LedgerFixture()
        let ann = try user("ann")
        let first = try house.open()
        _ = try first.ask(reserve(1, of: ann, try usd("1")))
        first.close()
        house.files.fail(.write, errno: 5)
        let second = try house.open()
        defer { second.close() }
        #expect(second.awaitHealth { $0.failure != nil })
        #expect(second.read { $0.state.open.count } == 1)
        house.files.heal()
        #expect(second.awaitHealth { $0.failure == nil })
        _ = try second.ask(reserve(2, of: ann, .zero))
        let types = try house.events().map(\.event.type)
        #expect(types == [.pricesPublished, .callReserved, .callExpired, .callReserved])
    }
}
