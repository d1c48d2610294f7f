import Crypto
import LedgerCore
import LedgerStore

/// A made-up journal: deterministic events with awkward text and costs down to the last digit.
struct SampleJournal {
    let start: Timestamp
    let seed: UInt8
    let secondsApart: Int64

    let origin: String

    init(
        start: String = "2026-11-24T22:00:00Z", seed: UInt8 = 7, secondsApart: Int64 = 61,
        origin: String = "here"
    ) {
        self.start = Timestamp(start.utf8) ?? Timestamp(microseconds: 0)
        self.seed = seed
        self.secondsApart = secondsApart
        self.origin = origin
    }

    /// Where nothing is stored.
    var beginning: StoreCheckpoint { StoreCheckpoint(position: Position(0), chain: chain(0)) }

    /// Computed from the beginning: the journals of these tests are short.
    func chain(_ position: Int64) -> [UInt8] {
        var chain = SHA256.hash(of: "dispatch-ledger:\(origin)").bytes
        for earlier in 0..<position { chain = SHA256.hash(of: chain + Array(body(earlier + 1).utf8)).bytes }
        return chain
    }

    /// The line before its chain.
    private func body(_ position: Int64) -> String {
        #"{"position":\#(position),"text":"tab\t line\n slash\\ quote\" ünï","n":"\u0000","seed":\#(seed)"#
    }

    func chain(at position: Position) -> [UInt8]? { chain(position.value) }

    func checkpoint(at position: Int64) -> StoreCheckpoint {
        StoreCheckpoint(position: Position(position), chain: chain(position))
    }

    /// 10⁻¹⁸ USD, with digits at every place.
    func cost(_ position: Int64) -> Money { Money(attos: 1_234_567_890_123_456_789 / Int128(position) + 1) }

    func event(_ position: Int64) -> StoredEvent {
        let chain = chain(position)
        let line = #"\#(body(position)),"chain":"\#(Hex.encode(chain))"}"#
        var event = StoredEvent(
            position: Position(position),
            recordedAt: Timestamp(
                microseconds: start.microseconds + (position - 1) * secondsApart * 1_000_000),
            id: UniqueID(bits: UInt128(position)), type: "call.settled", chain: chain,
            line: ArraySlice(line.utf8))
        event.user = "user-\(position % 3)"
        event.callID = "call\t\(position)"
        event.provider = "provider\\N"
        event.model = position.isMultiple(of: 5) ? "odd \"model\"\n,{}\\" : "model"
        event.result = "ok"
        event.costState = "priced"
        event.inputTokens = position * 10
        event.outputTokens = position
        event.cost = cost(position)
        event.durationMilliseconds = 250
        return event
    }

    /// The batch of the positions in `range`.
    func batch(_ range: ClosedRange<Int64>) -> IngestBatch {
        let events = range.map(event)
        return IngestBatch(
            after: checkpoint(at: range.lowerBound - 1), events: events, sums: Self.sums(of: events))
    }

    static func sums(of events: [StoredEvent]) -> [RollupKey: UsageSums] {
        var sums: [RollupKey: UsageSums] = [:]
        for event in events {
            guard let user = UserID(event.user ?? "") else { continue }
            let key = RollupKey(
                hour: event.recordedAt.hour, user: user, kind: .call, source: "",
                provider: event.provider ?? "",
                model: event.model ?? "")
            var sum = sums[key] ?? UsageSums()
            sum.calls += 1
            sum.inputTokens += event.inputTokens ?? 0
            sum.outputTokens += event.outputTokens ?? 0
            sum.cost = sum.cost.addingClamped(event.cost ?? .zero)
            sum.durationMilliseconds += event.durationMilliseconds ?? 0
            sums[key] = sum
        }
        return sums
    }

    /// Checks that exactly the events up to `last` are stored, in every place that counts them.
    func isStored(upTo last: Int64, in store: LedgerStore) throws -> Bool {
        let snapshot = try store.snapshot()
        let records = last == 0 ? [] : try store.records(in: Position(1)...Position(last + 1))
        let cost = (1..<(last + 1)).reduce(Money.zero) { $0.addingClamped(self.cost($1)) }
        return snapshot.checkpoint == (last == 0 ? nil : checkpoint(at: last)) && snapshot.eventCount == last
            && snapshot.positions == (last == 0 ? nil : Position(1)...Position(last))
            && records.map(\.record) == (1..<(last + 1)).map { event($0).record() }
            && RollupTable.allCases.allSatisfy { table in
                let rollup = snapshot.rollups[table] ?? [:]
                return rollup.values.reduce(0) { $0 + $1.calls } == last
                    && rollup.values.reduce(Money.zero) { $0.addingClamped($1.cost) } == cost
            }
    }
}
