import Foundation
import LedgerCore
import LedgerJournal
import LedgerStore
import TestSupport
import Testing

@testable import LedgerRuntime

@Suite("BatchesAhead")
struct BatchesAheadTests {
    let house: LedgerFixture
    let database: TestDatabase
    let store: LedgerStore

    init() throws {
        house = try LedgerFixture()
        database = try TestDatabase()
        store = try database.open(origin: "here")
        let genesis = ChainHash.genesis(origin: "here").digest.bytes
        _ = try store.resume(journalEnd: Position(0)) { _ in genesis }
    }

    /// A closed journal of `count` calls that were reserved.
    private func write(_ count: Int) throws {
        let ledger = try house.open()
        for number in 1...count { _ = try ledger.ask(reserve(number, of: try user("ann"), .zero)) }
        ledger.close()
    }

    private func open(
        after mark: JournalMark? = nil, upTo limit: @escaping @Sendable () -> JournalMark? = { nil }
    ) throws -> BatchesAhead {
        try BatchesAhead(
            logsDirectory: house.configuration.logsDirectory, into: store, after: mark, upTo: limit)
    }

    @Test(
        "Each event is stored once, in order, whatever the size of a batch"
    )
    func order() throws {
        try write(50)
        let end = Int64(try house.events().count)
        let batches = try open()
        batches.eventsMax = 7
        var after = Position(0)
        var events = 0
        while let sent = try batches.next() {
            #expect(sent.batch.after.position == after)
            #expect(sent.batch.events <= 7)
            try sent.store()
            after = sent.batch.end.position
            events += sent.batch.events
            #expect(batches.position == after)
        }
        #expect(events == Int(end))
        #expect(
            try database.row("select count(*), max(position), sum(position) from ledger.events")
                == ["\(end)", "\(end)", "\(end * (end + 1) / 2)"])
        var alone = try JournalBatches(
            logsDirectory: house.configuration.logsDirectory, origin: "here", after: nil)
        let whole = try alone.next(upTo: nil, eventsMax: 1_000)
        #expect(whole?.events.map(\.position.value) == Array(1...end))
        #expect(whole?.isFull == false)
    }

    @Test("A second session is there only while there is more than one batch")
    func secondSession() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let batches = try open { ledger.read { $0.mark } }
        batches.eventsMax = 5
        for number in 1...12 { _ = try ledger.ask(reserve(number, of: try user("ann"), .zero)) }
        #expect(try database.advisoryLocks() == 1)
        try batches.next()?.store()
        try batches.next()?.store()
        #expect(try database.advisoryLocks() == 2)
        while let sent = try batches.next() { try sent.store() }
        #expect(try batches.next() == nil)
        try eventually { try database.advisoryLocks() == 1 }
        _ = try ledger.ask(reserve(100, of: try user("ann"), .zero))
        try batches.next()?.store()
        #expect(try database.value("select max(position) from ledger.events") == "\(ledger.position.value)")
        #expect(try database.advisoryLocks() == 1)
    }

    @Test("Nothing behind the limit is read; when the limit moves, it goes on")
    func limit() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let batches = try open { ledger.read { $0.mark } }
        _ = try ledger.ask(reserve(1, of: try user("ann"), .zero))
        let first = try batches.next()
        try first?.store()
        #expect(first?.batch.end.position == ledger.position)
        #expect(try batches.next() == nil)
        _ = try ledger.ask(reserve(2, of: try user("ann"), .zero))
        let second = try batches.next()
        #expect(second?.batch.events == 1)
        #expect(second?.batch.after.chain == first?.batch.end.chain)
    }

    @Test("A damaged line is an error in the place of its batch, after those before it")
    func damage() throws {
        try write(40)
        let logs = house.configuration.logsDirectory
        let names = try FileManager.default.contentsOfDirectory(atPath: logs)
        let name = try #require(names.first { $0.hasSuffix(".jsonl") })
        var lines = try String(contentsOfFile: "\(logs)/\(name)", encoding: .utf8).split(separator: "\n")
        lines[24].replace("\"ann\"", with: "\"bob\"")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(logs)/\(name)"))
        let batches = try open()
        batches.eventsMax = 10
        for last in [10, 20] as [Int64] {
            let sent = try batches.next()
            #expect(sent?.batch.end.position == Position(last))
            try sent?.store()
        }
        let error = #expect(throws: CopyError.self) { try batches.next() }
        #expect("\(String(describing: error))".contains("line 25"))
    }

    @Test("Let go in the middle, its thread ends and nothing waits")
    func letGo() throws {
        try write(30)
        do {
            let batches = try open()
            batches.eventsMax = 5
            #expect(try batches.next()?.batch.events == 5)
        }
        let again = try open()
        try again.next()?.store()
        #expect(try database.value("select count(*) from ledger.events") != "0")
    }
}
