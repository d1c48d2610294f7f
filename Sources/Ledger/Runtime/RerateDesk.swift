package import LedgerCore
import LedgerJournal
package import Logging
import Synchronization
import Threads

/// Prices recorded costs again beside the running ledger and records what differs: one order at a time, on a
/// thread of its own.
///
/// It reads the journal, so that an order that was interrupted is done by the next one like it: what is
/// recorded already does not differ any more.
package final class RerateDesk: Sendable {
    private let ledger: Ledger
    private let log: Logger
    private let state = Lock(State())

    /// Corrections that are recorded together.
    private static let batchMax = 64
    /// How often the place is told.
    private static let noteEvery: Int64 = 4_096

    private struct State: Sendable {
        var status: RerateStatus?
        var thread: Thread?
        var isStopping = false
    }

    /// Creates the desk of `ledger`.
    package init(_ ledger: Ledger, log: Logger) {
        self.ledger = ledger
        self.log = log
    }

    /// The order in hand, or the last one.
    package var status: RerateStatus? { state.withLock { $0.status } }

    /// Takes `order`; false: another one is in hand, or the process ends.
    package func start(_ order: RerateOrder) -> Bool {
        let previous: Thread?? = state.withLock { state in
            guard !state.isStopping, state.status?.phase != .reading else { return nil }
            state.status = RerateStatus(order)
            return .some(state.thread.take())
        }
        guard let previous else { return false }
        previous?.join()
        do throws(ThreadError) {
            let thread = try Thread(named: "ledger-rerate", inBackground: true) { [self] in run(order) }
            state.withLock { $0.thread = thread }
            return true
        } catch {
            end(order, .failed("the system refuses another thread"))
            return false
        }
    }

    /// Prices what has no price yet and was recorded in the current UTC month, if there is any.
    package func startForUnpriced() {
        let (unpriced, now) = ledger.read { view in
            (view.usage.users.values.contains { $0.total.unpricedCalls > 0 }, ledger.configuration.now())
        }
        guard unpriced else { return }
        var scope = Rerating.Scope()
        scope.unpricedOnly = true
        scope.since = now.day.firstOfMonth.start
        let order = RerateOrder(
            scope, by: ledger.prices, reason: "a price is known now", actor: "ledger", isDryRun: false)
        if !start(order) { log.warning("what has no price is not priced again at this start") }
    }

    /// Ends the order in hand after the corrections that are on their way.
    package func stop() {
        let thread = state.withLock { state in
            state.isStopping = true
            return state.thread.take()
        }
        thread?.join()
    }

    private func run(_ order: RerateOrder) {
        do throws(LedgerError) { end(order, .done(try rerate(order))) } catch {
            end(order, .failed(Self.words(error)))
        }
    }

    private func rerate(_ order: RerateOrder) throws(LedgerError) -> [Rerating.Key: Rerating.Sums] {
        let (mark, last) = ledger.read { ($0.mark, $0.state.lastAdjustment) }
        change { $0.end = Position(mark.position) }
        let replay = Replay(
            logsDirectory: ledger.configuration.logsDirectory, origin: ledger.configuration.origin)
        var rerating = Rerating(order.scope, by: order.book)
        if last.value > 0 {
            try replay.run(upTo: mark, verifyingChain: false) { event throws(LedgerError) in
                try note(event.position, isFirst: true)
                rerating.note(event)
            }
        }
        var batch = RerateBatch(order, after: last)
        try replay.run(upTo: mark, verifyingChain: false) { event throws(LedgerError) in
            try note(event.position, isFirst: false)
            rerating.take(event) { batch.add($0) }
            if batch.events.count >= Self.batchMax { try record(&batch) }
        }
        try record(&batch)
        return rerating.sums
    }

    /// Tells where the reading is; ends it when the process ends.
    private func note(_ position: Position, isFirst: Bool) throws(LedgerError) {
        guard position.value % Self.noteEvery == 0 else { return }
        let isStopping = state.withLock { state in
            if !isFirst { state.status?.position = position }
            return state.isStopping
        }
        if isStopping { throw .closed }
    }

    /// Records `batch`, and waits until it is durable.
    private func record(_ batch: inout RerateBatch) throws(LedgerError) {
        guard !batch.order.isDryRun, !batch.events.isEmpty else { return batch.events.removeAll() }
        let receipt = try ledger.perform(.adjustCosts(batch.events, after: batch.last))
        let recorded = receipt.events.filter { $0.event.type == .costAdjusted }
        if let position = recorded.last?.position { batch.last = position }
        batch.events.removeAll(keepingCapacity: true)
        change { $0.appended += Int64(recorded.count) }
    }

    private func change(_ body: (inout RerateStatus) -> Void) {
        state.withLock { state in
            guard var status = state.status else { return }
            body(&status)
            state.status = status
        }
    }

    private func end(_ order: RerateOrder, _ phase: RerateStatus.Phase) {
        change { status in
            status.phase = phase
            status.position = status.end
        }
        let appended = "\(status?.appended ?? 0)"
        switch phase {
        case .failed(let why):
            log.warning(
                "costs are corrected in part; the same order does the rest",
                ["corrections": appended, "price_book": order.book.hash, "by": order.actor, "error": why])
        case .done, .reading:
            log.info(
                "recorded costs were priced again",
                ["corrections": appended, "price_book": order.book.hash, "by": order.actor])
        }
    }

    private static func words(_ error: LedgerError) -> String {
        switch error {
        case .rejected(.alreadyAdjusted(let position)):
            "costs were corrected meanwhile, at position \(position.value): ask again"
        case .closed: "the ledger ends; ask again when it runs"
        case .overloaded: "the ledger has too much to do; ask again"
        default: "\(error)"
        }
    }
}

/// What is to be priced again.
package struct RerateOrder: Sendable {
    /// Which recorded costs.
    package let scope: Rerating.Scope
    /// By which prices.
    package let book: PriceBook
    /// Why.
    package let reason: String
    /// Who asks.
    package let actor: String
    /// Whether nothing is to be recorded.
    package let isDryRun: Bool

    /// Creates an order.
    package init(
        _ scope: Rerating.Scope, by book: PriceBook, reason: String, actor: String, isDryRun: Bool
    ) {
        self.scope = scope
        self.book = book
        self.reason = reason
        self.actor = actor
        self.isDryRun = isDryRun
    }
}

/// How far an order is.
package struct RerateStatus: Sendable {
    /// The order.
    package let order: RerateOrder
    /// Whether it has ended, and how.
    package internal(set) var phase = Phase.reading
    /// Read up to here.
    package internal(set) var position = Position(0)
    /// To be read up to here.
    package internal(set) var end = Position(0)
    /// Corrections recorded.
    package internal(set) var appended: Int64 = 0

    init(_ order: RerateOrder) { self.order = order }

    /// Where an order is.
    package enum Phase: Hashable, Sendable {
        /// It is in hand.
        case reading
        /// All is recorded; sums by user and model, before and after.
        case done([Rerating.Key: Rerating.Sums])
        /// It ended early; what was recorded stays.
        case failed(String)
    }
}

/// Corrections on their way.
private struct RerateBatch {
    let order: RerateOrder
    /// The last correction in the journal.
    var last: Position
    var events: [CostAdjusted] = []

    init(_ order: RerateOrder, after last: Position) {
        self.order = order
        self.last = last
    }

    mutating func add(_ difference: Rerating.Difference) {
        events.append(difference.event(reason: order.reason, actor: order.actor))
    }
}
