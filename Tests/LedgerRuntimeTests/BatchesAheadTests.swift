import Foundation
import LedgerCore
import LedgerJournal
import LedgerStore
import Testing

@testable import LedgerRuntime

@Suite("BatchesAhead")
struct BatchesAheadTests {
    let house: LedgerFixture

    init() throws { house = try LedgerFixture() }

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
            logsDirectory: house.configuration.logsDirectory, origin: "here", after: mark, upTo: limit)
    }

    @Test(
        "Each event comes once, in order, whatever the size of a batch; JournalBatches alone gives the same")
    func order() throws {
        try write(50)
        let end = Int64(try house.events().count)
        let batches = try open()
        batches.eventsMax = 7
        var positions: [Int64] = []
        var after = Position(0)
        while let batch = try batches.next() {
            #expect(batch.after.position == after)
            #expect(batch.events.count <= 7)
            positions += batch.events.map(\.position.value)
            after = batch.end.position
            #expect(batches.position == after)
        }
        #expect(positions == Array(1...end))
        var alone = try JournalBatches(
            logsDirectory: house.configuration.logsDirectory, origin: "here", after: nil)
        let whole = try alone.next(upTo: nil, eventsMax: 1_000)
        #expect(whole?.0.events.map(\.position.value) == positions)
        #expect(whole?.isFull == false)
    }

    @Test("Nothing behind the limit is read; when the limit moves, it goes on")
    func limit() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let batches = try open { ledger.read { $0.mark } }
        _ = try ledger.ask(reserve(1, of: try user("ann"), .zero))
        let first = try batches.next()
        #expect(first?.end.position == ledger.position)
        #expect(try batches.next() == nil)
        _ = try ledger.ask(reserve(2, of: try user("ann"), .zero))
        let second = try batches.next()
        #expect(second?.events.count == 1)
        #expect(second?.after.chain == first?.end.chain)
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
        #expect(try batches.next()?.end.position == Position(10))
        #expect(try batches.next()?.end.position == Position(20))
        let error = #expect(throws: LedgerError.self) { try batches.next() }
        #expect("\(String(describing: error))".contains("line 25"))
    }

    @Test("Let go in the middle, its thread ends and nothing waits")
    func letGo() throws {
        try write(30)
        do {
            let batches = try open()
            batches.eventsMax = 5
            #expect(try batches.next()?.events.count == 5)
        }
        let again = try open()
        #expect(try again.next()?.events.isEmpty == false)
    }
}
