import Files
import Foundation
import LedgerCore
import LedgerJournal
import Testing

@Suite("StagedJournal")
struct StagedJournalTests {
    let house = JournalFixture()
    let files = POSIXFileSystem()
    let segment = SegmentName(day: JournalFixture.day, number: 0)

    private func write(_ text: String, _ stage: StagedJournal) throws {
        let file = try stage.create(segment)
        defer { files.close(file) }
        try files.appendAll(Array(text.utf8), to: file)
        try files.sync(file)
    }

    @Test("Nothing is in the place until all of it is")
    func publishes() throws {
        let stage = try StagedJournal(at: house.logs)
        try write("one\n", stage)
        #expect(try files.list(house.logs) == [".lock"])
        try stage.publish()
        #expect(try house.names() == ["2026-11-24.jsonl"] && house.bytes() == Array("one\n".utf8))
        #expect(try !files.list(house.home + "/system").contains("logs.partial"))
    }

    @Test("What an unfinished run left is made anew")
    func startsAgain() throws {
        do {
            let stage = try StagedJournal(at: house.logs)
            try write("half", stage)
        }
        let stage = try StagedJournal(at: house.logs)
        try write("whole\n", stage)
        try stage.publish()
        #expect(try house.bytes() == Array("whole\n".utf8))
    }

    @Test("A place with anything in it is refused, and left as it is", arguments: ["2026-11-24.jsonl", "x"])
    func occupied(_ name: String) throws {
        try house.put(Array("mine\n".utf8), name)
        #expect(throws: JournalError.occupied(directory: house.logs)) { try StagedJournal(at: house.logs) }
        #expect(try house.bytes(name) == Array("mine\n".utf8))
    }

    @Test("A lock that nobody holds is no journal; one that a writer holds is")
    func locks() throws {
        let (writer, _) = try house.open()
        #expect(throws: JournalError.self) { try StagedJournal(at: house.logs) }
        writer.close()
        let stage = try StagedJournal(at: house.logs)
        // Meanwhile nobody else begins, here or beside.
        #expect(throws: JournalError.self) { try house.open() }
        #expect(throws: JournalError.self) { try JournalLock.take(stage.directory, files) }
        #expect(throws: JournalError.self) { try StagedJournal(at: house.logs) }
        try write("one\n", stage)
        try stage.publish()
        #expect(try house.names() == ["2026-11-24.jsonl"])
        files.close(try JournalLock.take(house.logs, files))
    }

    @Test("A writer cannot begin in a place that was not even there")
    func lockedFromTheBeginning() throws {
        do {
            let stage = try StagedJournal(at: house.logs)
            #expect(throws: JournalError.self) { try house.open() }
            try write("one\n", stage)
        }
        // Given up: the place is free again.
        let (writer, _) = try house.open()
        #expect(throws: JournalError.self) { try StagedJournal(at: house.logs) }
        writer.close()
    }

    @Test("A journal that was begun there in the meantime is not overwritten")
    func raced() throws {
        let stage = try StagedJournal(at: house.logs)
        try write("one\n", stage)
        try house.put(Array("other\n".utf8))
        #expect(throws: JournalError.self) { try stage.publish() }
        #expect(try house.bytes() == Array("other\n".utf8))
    }
}
