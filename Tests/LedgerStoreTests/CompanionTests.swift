import LedgerCore
import TestSupport
import Testing

@testable import LedgerStore

@Suite("Companion")
struct CompanionTests {
    let database: TestDatabase
    let journal = SampleJournal()

    init() throws { database = try TestDatabase() }

    private func resumed() throws -> LedgerStore {
        let store = try database.open(origin: "here")
        _ = try store.resume(journalEnd: Position(1000), chainAt: journal.chain(at:))
        return store
    }

    @Test("one session sends while another stores; in whatever order they end, nothing is lost or doubled")
    func companion() throws {
        let first = try resumed()
        let second = try first.openCompanion()
        let sent: SentBatch = try first.send(journal.batch(1...10))
        let ahead = try second.send(journal.batch(11...25))
        #expect(throws: StoreError.behind(Position(0))) { try second.store(ahead) }
        let again = try second.send(journal.batch(11...25))
        try first.store(sent)
        let third = try first.send(journal.batch(26...30))
        try second.store(again)
        try first.store(third)
        #expect(
            try database.row("select count(*), count(distinct position), max(position) from ledger.events")
                == ["30", "30", "30"])
    }

    @Test("nobody takes an origin while a companion of its last owner may still be storing")
    func companionFences() throws {
        let companion = try {
            let first = try resumed()
            return try first.openCompanion()
        }()
        try eventually { try database.advisoryLocks() == 1 }
        let next = try database.open(origin: "here")
        let error = #expect(throws: StoreError.self) { try next.takeOrigin() }
        guard case .busy("here", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(companion.isConnected)
        withExtendedLifetime(companion) {}
    }
}
