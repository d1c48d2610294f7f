import Crypto
import Files
import LedgerCore
import LedgerJournal
import Testing

@Suite("JournalWriter")
struct JournalWriterTests {
    let journal = JournalFixture()

    @Test("a line on disk is the body, its chain and a newline")
    func bytesOnDisk() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 1)
        let body = "{\"position\":1,\"type\":\"test\",\"text\":\"x\""
        let genesis = SHA256.hash(of: "dispatch-ledger:test.example")
        let chain = SHA256.hash(of: genesis.bytes + Array(body.utf8))
        #expect(String(decoding: try journal.bytes(), as: UTF8.self) == body + ",\"chain\":\"\(chain)\"}\n")
        #expect(writer.lastChain.hex == chain.hex)
    }

    @Test("a batch is one write and one sync")
    func oneWriteOneSync() throws {
        let files = FaultyFileSystem()
        let (writer, _) = try journal.open(files: files)
        try writer.append(count: 1)
        let before = files.counts
        try writer.append(count: 100)
        #expect(files.counts[.write, default: 0] - before[.write, default: 0] == 1)
        #expect(files.counts[.sync, default: 0] - before[.sync, default: 0] == 1)
        #expect(files.counts.values.reduce(0, +) - before.values.reduce(0, +) == 2)
    }

    @Test("a file or a lock taken away is noticed before anything is acknowledged", arguments: [".lock", ""])
    func takenAway(_ name: String) throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 1)
        let mark = writer.durableMark
        let path = name.isEmpty ? journal.path("2026-11-24.jsonl") : journal.path(name)
        try POSIXFileSystem().rename(path, to: path + ".gone")
        #expect(throws: JournalError.self) { try writer.append(count: 1) }
        #expect(writer.durableMark == mark)
        #expect(throws: JournalError.failed) { try writer.append(count: 1) }
    }

    @Test("with the durability of the system nothing is synced")
    func systemDurability() throws {
        let files = FaultyFileSystem()
        let (writer, _) = try JournalWriter.open(
            directory: journal.logs, origin: JournalFixture.origin, files: files, durability: .os)
        try writer.append(count: 10)
        #expect(files.counts[.sync] == nil)
        #expect(try journal.lines().count == 10)
    }

    @Test("goes on where it ended")
    func resumes() throws {
        let (first, _) = try journal.open()
        try first.append(count: 3)
        let mark = first.durableMark
        first.close()
        let (second, recovery) = try journal.open()
        #expect(second.durableMark == mark)
        #expect(recovery.position == 3)
        #expect(recovery.eventsChecked == 3)
        #expect(recovery.setAside.isEmpty)
        try second.append(count: 2)
        #expect(try journal.lines().count == 5)
        #expect(try journal.names() == ["2026-11-24.jsonl"])
    }

    @Test("checks only the lines after a trusted mark")
    func trustedMark() throws {
        let (first, _) = try journal.open()
        try first.append(count: 3)
        let mark = first.durableMark
        try first.append(count: 2)
        first.close()
        let (_, recovery) = try journal.open(from: mark)
        #expect(recovery.eventsChecked == 2)
        #expect(recovery.position == 5)
    }

    @Test("refuses a second writer and names the first")
    func secondWriter() throws {
        let (writer, _) = try journal.open()
        #expect(throws: JournalError.locked(directory: journal.logs, pid: CurrentProcess.id)) {
            try journal.open()
        }
        writer.close()
        #expect(throws: Never.self) { try journal.open() }
    }

    @Test("a new day starts a new segment, a day gone back does not")
    func rotatesByDay() throws {
        let next = Day(daysSince1970: JournalFixture.day.daysSince1970 + 1)
        let (writer, _) = try journal.open()
        try writer.append(count: 1)
        try writer.append(count: 1, day: next)
        try writer.append(count: 1)
        #expect(try journal.names() == ["2026-11-24.jsonl", "2026-11-25.jsonl"])
        writer.close()
        let (again, recovery) = try journal.open()
        #expect(recovery.segments == 2)
        try again.append(count: 1)
        #expect(try journal.names() == ["2026-11-24.jsonl", "2026-11-25.jsonl"])
        #expect(try journal.lines().count == 4)
    }

    @Test("a full segment is followed by the next number, in number order")
    func rotatesBySize() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 200)
        for _ in 1...12 { try writer.append(count: 1) }
        #expect(try journal.names().count == 12)
        #expect(writer.durableMark.segment?.description == "2026-11-24.11.jsonl")
        #expect(try journal.lines().count == 12)
        writer.close()
        let (_, recovery) = try journal.open()
        #expect(recovery.segments == 12)
        #expect(recovery.position == 12)
    }

    @Test(
        "refuses bodies that are no next line, and is done for after that",
        arguments: [
            ("{\"position\":2,\"type\":\"t\"", JournalError.positionGap(expected: 1)),
            ("{\"position\":01,\"type\":\"t\"", .positionGap(expected: 1)),
            ("{\"type\":\"t\"", .positionGap(expected: 1)),
            ("{\"position\":1,\"type\":\"t\n\"", .malformedLine(position: 1)),
        ])
    func refusesBodies(body: String, error: JournalError) throws {
        let (writer, _) = try journal.open()
        let bytes = Array(body.utf8)
        #expect(throws: error) { try writer.append(bytes, ends: [bytes.count], day: JournalFixture.day) }
        #expect(throws: JournalError.failed) { try writer.append(count: 1) }
        #expect(try journal.names().isEmpty)
    }

    @Test("refuses ends that do not cut the bytes into lines")
    func refusesEnds() throws {
        let bytes = Array("{\"position\":1,\"type\":\"t\"".utf8)
        for ends in [[bytes.count - 1], [bytes.count + 1], [0]] {
            let (writer, _) = try journal.open()
            #expect(throws: JournalError.malformedLine(position: 1)) {
                try writer.append(bytes, ends: ends, day: JournalFixture.day)
            }
        }
    }

    @Test("refuses a batch over the limit")
    func refusesLargeBatches() throws {
        let (writer, _) = try journal.open()
        let text = String(repeating: "x", count: JournalWriter.batchBytesMax)
        #expect {
            try writer.append(count: 1, text: text)
        } throws: { error in
            guard case .batchTooLarge = error as? JournalError else { return false }
            return true
        }
    }
}
