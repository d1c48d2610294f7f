import Files
import LedgerJournal
import Testing

@Suite("JournalReader")
struct JournalReaderTests {
    let journal = JournalFixture()

    @Test("a journal without a directory is empty")
    func noDirectory() throws {
        #expect(try journal.lines().isEmpty)
    }

    @Test("tells where each line stands")
    func places() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 300)
        for _ in 1...5 { try writer.append(count: 1) }
        var reader = try journal.reader()
        while let line = try reader.next() {
            let bytes = try journal.bytes("\(line.segment)")
            let end = line.byteOffset + line.bytes.count
            #expect(bytes[line.byteOffset..<end].elementsEqual(line.bytes))
            #expect(bytes[end] == UInt8(ascii: "\n"))
            #expect(bytes[..<line.byteOffset].count { $0 == UInt8(ascii: "\n") } == line.line - 1)
            #expect(
                String(decoding: line.bytes, as: UTF8.self).hasPrefix(
                    String(decoding: line.body, as: UTF8.self)))
            #expect(reader.mark.position == line.position)
        }
        #expect(reader.mark == writer.durableMark)
    }

    @Test("starts after any mark")
    func marks() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 300)
        var marks = [writer.durableMark]
        for _ in 1...6 {
            try writer.append(count: 1)
            marks.append(writer.durableMark)
        }
        for mark in marks {
            var reader = try journal.reader(from: mark)
            var expected = mark.position
            while let line = try reader.next() {
                expected += 1
                #expect(line.position == expected)
            }
            #expect(expected == 6)
        }
    }

    @Test("starts after any position")
    func positions() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 300)
        for _ in 1...6 { try writer.append(count: 1) }
        for position in Int64(0)...7 {
            var reader = try JournalReader.starting(
                after: position, directory: journal.logs, origin: JournalFixture.origin)
            #expect(try reader.next()?.position == (position < 6 ? position + 1 : nil))
        }
    }

    @Test("goes on with what was appended since, over segments")
    func tails() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 300)
        var reader = try journal.reader()
        #expect(try reader.next(upTo: writer.durableMark) == nil)
        for position in Int64(1)...8 {
            try writer.append(count: 1)
            #expect(try reader.next(upTo: writer.durableMark)?.position == position)
            #expect(try reader.next(upTo: writer.durableMark) == nil)
            #expect(try reader.next() == nil)
        }
    }

    @Test("never reads past the high-water mark, so a line that was cut is never seen")
    func highWaterMark() throws {
        let files = FaultyFileSystem(.init(operation: .sync, call: 2))
        let (writer, _) = try journal.open(files: files)
        try writer.append(count: 1, text: "first")
        var reader = try journal.reader()
        #expect(throws: JournalError.self) { try writer.append(count: 1, text: "never acknowledged") }
        #expect(try reader.next(upTo: writer.durableMark)?.position == 1)
        #expect(try reader.next(upTo: writer.durableMark) == nil)
        writer.close()
        let (again, _) = try journal.open(cutTo: writer.durableMark)
        try again.append(count: 1, text: "acknowledged")
        let line = try #require(try reader.next(upTo: again.durableMark))
        #expect(String(decoding: line.bytes, as: UTF8.self).contains("\"acknowledged\""))
        #expect(line.segment.number == 1)
    }

    @Test("says that durable lines are missing")
    func missing() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 2)
        try journal.put(Array(try journal.bytes().dropLast(20)))
        var reader = try journal.reader()
        #expect(try reader.next(upTo: writer.durableMark)?.position == 1)
        #expect {
            try reader.next(upTo: writer.durableMark)
        } throws: { kind($0) == .missing }
        #expect {
            _ = try journal.reader(from: writer.durableMark)
        } throws: { kind($0) == .missing }
    }

    @Test("refuses a mark of another history")
    func foreignMark() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 2)
        let mark = writer.durableMark
        let other = JournalMark(
            segment: mark.segment, byteOffset: mark.byteOffset, lineCount: 2, position: 2,
            chain: .genesis(origin: "other"))
        #expect { _ = try journal.reader(from: other) } throws: { kind($0) == .markMismatch }
    }

    @Test("reads lines longer than its first buffer")
    func longLines() throws {
        let (writer, _) = try journal.open()
        for size in [1 << 20, 3 << 20, 10] {
            try writer.append(count: 1, text: String(repeating: "y", count: size))
        }
        #expect(try journal.lines().map(\.utf8.count).reduce(0, +) > 4 << 20)
    }

    @Test("without the chain it still checks positions and frames")
    func unverified() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 3)
        var bytes = try journal.bytes()
        bytes[12] = UInt8(ascii: "7")
        try journal.put(bytes)
        var reader = try journal.reader(verifyingChain: false)
        #expect { try reader.next() } throws: { kind($0) == .wrongPosition(expected: 1, found: 7) }
    }
}

/// What kind of damage an error is; nil when it is none.
func kind(_ error: any Error) -> JournalError.Damage.Kind? {
    guard case .damaged(let damage) = error as? JournalError else { return nil }
    return damage.kind
}
