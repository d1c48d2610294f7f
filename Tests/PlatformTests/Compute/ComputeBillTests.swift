import LedgerCore
import Testing

@testable import Platform

@Suite("ComputeBill")
struct ComputeBillTests {
    /// Three in the morning, and ten minutes.
    private static let begin = Timestamp(microseconds: 1_795_576_200_000_000)
    private static let hour = begin.hour

    /// A bill before a ledger that judges reports as the real one does.
    private final class Desk {
        var now = ComputeBillTests.begin
        var state = LedgerState()
        var recorded: [UsageReported] = []
        var isBroken = false
        let prices: PriceBook

        init(isPriced: Bool = true) throws {
            // A dollar for a core-hour, and 0.36 for a gibibyte-hour, about.
            let compute = ComputePrice(
                from: Timestamp(microseconds: 0), cpuMillisecond: Rate(attosPerUnit: 1_000_000_000),
                mebibyteSecond: Rate(attosPerUnit: 100_000_000))
            prices = try PriceBook(
                hash: "book", unpricedReserve: .zero, models: [], compute: isPriced ? [compute] : [])
        }

        func bill() -> ComputeBill {
            ComputeBill(origin: "here", prices: prices, now: { self.now }) { report, then in
                if self.isBroken { return then(.unavailable) }
                do throws(Rejection) {
                    for event in try self.state.decide(.reportUsage(report), at: self.now) {
                        self.state.evolve(
                            RecordedEvent(
                                position: Position(Int64(self.recorded.count) + 1), timestamp: self.now,
                                id: UniqueID(bits: 1), event: event))
                        self.recorded.append(report)
                    }
                    then(.recorded)
                } catch { then(.refused) }
            }
        }

        func pass(minutes: Int64) { now = Timestamp(microseconds: now.microseconds + minutes * 60_000_000) }
    }

    private func use(_ bill: ComputeBill, _ handle: String = "ann", cpu: Int64 = 1_000) throws {
        bill.add(
            ContainerUsage(
                handle: try #require(ContainerHandle(handle)), user: try #require(UserID(handle)),
                cpuMilliseconds: cpu, memoryMebibyteSeconds: 64))
    }

    @Test("An hour is recorded once it is over, by container, at its exact price")
    func hour() throws {
        let desk = try Desk()
        let bill = desk.bill()
        try use(bill)
        try use(bill)
        try use(bill, "bob", cpu: 5)
        desk.pass(minutes: 60)
        #expect(desk.recorded.isEmpty)
        bill.roll()
        #expect(
            desk.recorded.map(\.reportID) == [
                "here/ann/\(Self.hour.text.prefix(13))", "here/bob/\(Self.hour.text.prefix(13))",
            ])
        let ann = try #require(desk.recorded.first)
        #expect(ann.source == "platform" && ann.kind == .compute && ann.provider == "platform")
        #expect(ann.model == "ann" && ann.user == UserID("ann") && ann.usedAt == Self.hour)
        #expect(ann.cpuMilliseconds == 2_000 && ann.memoryMebibyteSeconds == 128)
        #expect(ann.cost == .priced(Money(attos: 2_000 * 1_000_000_000 + 128 * 100_000_000)))
        bill.roll()
        #expect(desk.recorded.count == 2)
    }

    @Test("Without a price nothing is recorded")
    func unpriced() throws {
        let desk = try Desk(isPriced: false)
        let bill = desk.bill()
        try use(bill)
        desk.pass(minutes: 60)
        bill.roll()
        var isDone = false
        bill.finish { isDone = true }
        #expect(isDone && desk.recorded.isEmpty)
    }

    @Test("An hour cut off by the end of the process is recorded in parts, whose sum is the hour's")
    func parts() throws {
        let desk = try Desk()
        for _ in 0..<3 {
            let bill = desk.bill()
            try use(bill)
            var isDone = false
            bill.finish { isDone = true }
            #expect(isDone)
            desk.pass(minutes: 10)
        }
        let last = desk.bill()
        try use(last)
        desk.pass(minutes: 60)
        last.roll()
        #expect(desk.recorded.count == 4)
        #expect(Set(desk.recorded.map(\.reportID)).count == 4)
        #expect(desk.recorded.reduce(0) { $0 + $1.cpuMilliseconds } == 4_000)
        #expect(desk.recorded.allSatisfy { $0.usedAt == Self.hour })
    }

    @Test("While the ledger cannot be written an hour is owed, and recorded later, once")
    func owed() throws {
        let desk = try Desk()
        let bill = desk.bill()
        try use(bill)
        desk.isBroken = true
        desk.pass(minutes: 60)
        bill.roll()
        try use(bill)
        #expect(desk.recorded.isEmpty)
        desk.isBroken = false
        bill.roll()
        bill.roll()
        #expect(desk.recorded.map(\.cpuMilliseconds) == [1_000])
        #expect(bill.lost == 0)
    }

    @Test("A clock that is set back makes no report that contradicts another")
    func clockBack() throws {
        let desk = try Desk()
        let bill = desk.bill()
        try use(bill)
        desk.pass(minutes: 60)
        try use(bill, cpu: 2)
        desk.pass(minutes: -60)
        try use(bill, cpu: 30)
        desk.pass(minutes: 120)
        bill.roll()
        #expect(desk.recorded.map(\.cpuMilliseconds).sorted() == [2, 30, 1_000])
        #expect(bill.lost == 0)
    }
}
