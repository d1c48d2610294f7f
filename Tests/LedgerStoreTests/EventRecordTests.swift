import LedgerCore
import TestSupport
import Testing

@testable import LedgerStore

@Suite("The typed columns of an event as bytes")
struct EventRecordTests {
    let journal = SampleJournal()

    /// At both ends of what `numeric(38, 18)` holds, and where its groups of four digits begin and end.
    static let amounts: [Int128] = [
        0, 1, -1, 100, 9_999, 10_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000_000,
        10_000_000_000_000_000_000_001, -120_000_000_000_000_000_000_000,
        99_999_999_999_999_999_999_999_999_999_999_999_999,
    ]

    @Test("they are the server's own, byte for byte, of any amount")
    func equal() throws {
        let database = try TestDatabase()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(99), chainAt: journal.chain(at:))
        var events = (1...Int64(Self.amounts.count)).map { journal.event($0) }
        for (index, amount) in Self.amounts.enumerated() { events[index].cost = Money(attos: amount) }
        events[0].cost = nil
        events[1].details = Array(#"{"a": [1, null], "bb": {"c": 0.10}}"#.utf8)
        events[2].user = ""
        try store.ingest(IngestBatch(after: journal.beginning, events: events, sums: [:]))
        let stored = try store.records(in: Position(1)...Position(99))
        #expect(stored.map(\.record) == events.map { $0.record() })
    }

    @Test("the columns that differ are named, and what is no record is not taken for one")
    func differing() {
        let event = journal.event(3)
        var other = event
        other.cost = Money(attos: event.cost.map { $0.attos + 1 } ?? 0)
        other.source = ""
        #expect(StoredEvent.differingColumns(event.record(), other.record()) == ["source", "cost_usd"])
        #expect(StoredEvent.differingColumns(event.record(), event.record()) == [])
        for count in 0..<event.record().count {
            #expect(StoredEvent.differingColumns(Array(event.record().prefix(count)), event.record()) == nil)
        }
    }

    @Test("a page ends after ten thousand positions")
    func pages() {
        let first = EventPage(of: Position(10_000))
        #expect(first == EventPage(of: Position(1)) && first.positions == Position(1)...Position(10_000))
        #expect(first.advanced(by: 1) == EventPage(of: Position(10_001)))
        #expect(first.distance(to: EventPage(of: Position(30_000))) == 2)
    }
}
