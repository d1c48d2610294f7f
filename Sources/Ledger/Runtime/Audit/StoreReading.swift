import LedgerCore
import LedgerStore
import Synchronization
import Threads

/// The SQL side of a verification, on a thread of its own: one connection, one moment of the database.
final class StoreReading: Sendable {
    private let url: String
    private let origin: String
    private let checked = Atomic<Int64>(0)
    private let isGivenUp = Atomic(false)
    private let head = Lock<Result<StoreHead, StoreError>?>(nil)
    private let outcome = Lock<Result<StoreSnapshot, StoreError>?>(nil)
    private let bell = Semaphore()

    init(url: String, origin: String) {
        self.url = url
        self.origin = origin
    }

    /// How many rows the server has checked so far.
    var rowsChecked: Int64 { checked.load(ordering: .relaxed) }

    /// Connects and begins; returns how far the database is, at the moment that all the rest is read at too.
    func begin() throws(VerificationError) -> StoreHead {
        do throws(ThreadError) {
            try Thread(named: "verify-postgres") { [self] in run() }.detach()
        } catch { throw .thread }
        while true {
            if let head = head.withLock({ $0 }) { return try store(head) }
            bell.wait()
        }
    }

    /// What there is; nil: it is still being read, `milliseconds` later.
    func end(within milliseconds: Int) throws(VerificationError) -> StoreSnapshot? {
        if let outcome = outcome.withLock({ $0 }) { return try store(outcome) }
        _ = bell.wait(timeoutMilliseconds: milliseconds)
        return try outcome.withLock { $0 }.map { outcome throws(VerificationError) in try store(outcome) }
    }

    /// Ends the check of rows after the page in hand.
    func giveUp() { isGivenUp.store(true, ordering: .relaxed) }

    private func run() {
        let result: Result<StoreSnapshot, StoreError>
        do throws(StoreError) {
            let store = try LedgerStore.open(
                url: url, origin: origin, statementTimeoutMilliseconds: LedgerStore.unlimited)
            result = .success(
                try store.snapshot(
                    onHead: { [self] found in
                        head.withLock { $0 = .success(found) }
                        bell.signal()
                    },
                    onRowsChecked: { [self] count in
                        checked.add(count, ordering: .relaxed)
                        return !isGivenUp.load(ordering: .relaxed)
                    }))
        } catch { result = .failure(error) }
        head.withLock { if $0 == nil { $0 = result.map(\.head) } }
        outcome.withLock { $0 = result }
        bell.signal()
    }

    private func store<Value>(_ result: Result<Value, StoreError>) throws(VerificationError) -> Value {
        do { return try result.get() } catch { throw .store(error) }
    }
}
