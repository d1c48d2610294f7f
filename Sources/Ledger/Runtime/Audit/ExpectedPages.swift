import Crypto
import LedgerCore
import LedgerJournal
import LedgerStore

/// Digests of the rows that a database must hold, page by page, from events in their order.
struct ExpectedPages: Sendable {
    /// SHA-256 of each page's records, one after the other.
    private(set) var digests: [EventPage: [UInt8]] = [:]
    private var page: EventPage?
    private var records: [UInt8] = []

    mutating func add(_ event: StoredEvent) {
        let page = EventPage(of: event.position)
        if page != self.page { finish() }
        self.page = page
        records += event.record()
    }

    /// Ends the page in hand.
    mutating func finish() {
        if let page { digests[page] = SHA256.hash(of: records).bytes }
        page = nil
        records.removeAll(keepingCapacity: true)
    }
}

extension StoredEvent {
    /// The row of `recorded` without its line, its details spelled as the database spells them.
    init(_ recorded: RecordedEvent, comparedAt chain: ChainHash) {
        self.init(recorded, chain: chain.digest.bytes, line: [])
        details = details.map { JSONBText.text(of: $0) }
    }
}
