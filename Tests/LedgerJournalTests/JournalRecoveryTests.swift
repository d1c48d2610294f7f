import Files
import LedgerCore
import LedgerJournal
import Testing

@Suite("Recovery of damaged files")
struct JournalRecoveryTests {
    let journal = JournalFixture()

    /// Three lines in one segment, as they were acknowledged.
    private func threeLines() throws -> [UInt8] {
        let (writer, _) = try journal.open()
        try writer.append(count: 3)
        writer.close()
        return try journal.bytes()
    }

    @Test("a journal cut at any byte opens with the whole lines, and keeps the rest beside it")
    func cutAnywhere() throws {
        let bytes = try threeLines()
        for length in 0...bytes.count {
            let other = JournalFixture()
            try other.put(Array(bytes[..<length]))
            let (writer, recovery) = try other.open()
            let whole = bytes[..<length].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let lines = bytes[..<whole].count { $0 == UInt8(ascii: "\n") }
            #expect(recovery.position == Int64(lines))
            #expect(recovery.setAside.map(\.bytes) == (length > whole ? [length - whole] : []))
            if let kept = recovery.setAside.first {
                let content = try POSIXFileSystem().readWhole(kept.keptAsPath, bytesMax: 1 << 20)
                #expect(content == Array(bytes[whole..<length]))
            }
            // Appending goes on: the next line is chained to the last whole one.
            try writer.append(count: 1)
            #expect(try other.lines().count == lines + 1)
        }
    }

    @Test("any flipped bit is refused, with the file and the line, and nothing is changed")
    func flipAnyBit() throws {
        let bytes = try threeLines()
        for index in bytes.indices {
            let line = bytes[..<index].count { $0 == UInt8(ascii: "\n") } + 1
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                try journal.put(flipped)
                #expect("byte \(index) bit \(bit)") {
                    try journal.open()
                } throws: { error in
                    let text = "\(error)"
                    // A changed chain field may only show at the line that rests on it.
                    return text.contains("/2026-11-24.jsonl, line \(line) ")
                        && text.contains("dledger restore BACKUP --home")
                }
                #expect(try journal.bytes() == flipped)
            }
        }
        #expect(try journal.names() == ["2026-11-24.jsonl"])
    }

    @Test("a whole last line without its newline was never acknowledged")
    func newlineMissing() throws {
        let bytes = try threeLines()
        try journal.put(bytes.dropLast())
        let (_, recovery) = try journal.open()
        #expect(recovery.position == 2)
        #expect(recovery.setAside.count == 1)
    }

    @Test("a whole last line with another byte for its newline may have been acknowledged")
    func newlineLost() throws {
        let bytes = try threeLines()
        for tail in [[0], [UInt8(ascii: " ")], [0, 0, 0, 0], Array("{\"pos".utf8)] {
            try journal.put(bytes.dropLast() + tail)
            #expect { try journal.open() } throws: { kind($0) == .newlineLost }
        }
    }

    @Test("zeros and garbage after the last newline are a torn tail")
    func garbageTail() throws {
        let bytes = try threeLines()
        for tail in [[UInt8](repeating: 0, count: 4096), [0xFF, 0x00, 0x7B], Array("}}}}".utf8)] {
            try journal.put(bytes + tail)
            let (_, recovery) = try journal.open()
            #expect(recovery.position == 3)
            #expect(recovery.setAside.first?.bytes == tail.count)
            #expect(try journal.bytes() == bytes)
        }
    }

    @Test("a damaged whole last line is no torn tail")
    func damagedLastLine() throws {
        let bytes = try threeLines()
        try journal.put(bytes + Array("garbage\n".utf8))
        #expect { try journal.open() } throws: { kind($0) == .malformed }
    }

    @Test("a deleted, doubled, swapped or zeroed line is refused")
    func editedLines() throws {
        let bytes = try threeLines()
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) + [UInt8(ascii: "\n")] }
        let zeros = [UInt8](repeating: 0, count: lines[1].count - 1) + [UInt8(ascii: "\n")]
        for edited in [
            [lines[0], lines[2]], [lines[1], lines[2]], [lines[0], lines[0], lines[1], lines[2]],
            [lines[0], lines[2], lines[1]], [lines[0], zeros, lines[2]],
        ] {
            try journal.put(Array(edited.joined()))
            #expect { try journal.open() } throws: { kind($0) != nil }
        }
    }

    @Test("another origin is refused by name")
    func foreignOrigin() throws {
        _ = try threeLines()
        #expect(
            throws: JournalError.foreignOrigin(origin: "other", path: journal.path("2026-11-24.jsonl"))
        ) {
            try JournalWriter.open(directory: journal.logs, origin: "other")
        }
    }

    @Test("in the middle an empty, missing, torn or swapped segment is refused")
    func segments() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 200)
        for _ in 1...4 { try writer.append(count: 1) }
        writer.close()
        let second = "2026-11-24.1.jsonl"
        let (bytes, third) = (try journal.bytes(second), try journal.bytes("2026-11-24.2.jsonl"))

        try journal.put([], second)
        #expect { try journal.open() } throws: { kind($0) == .emptySegment }
        try journal.put(bytes.dropLast(), second)
        #expect { try journal.open() } throws: { kind($0) == .unterminated }
        try journal.put(third, second)
        #expect { try journal.open() } throws: { kind($0) == .wrongPosition(expected: 2, found: 3) }
        try POSIXFileSystem().remove(journal.path(second))
        #expect { try journal.open() } throws: { kind($0) == .wrongPosition(expected: 2, found: 3) }
        try journal.put(bytes, second)
        #expect(try journal.open().1.position == 4)
    }

    @Test("an empty last segment is removed, and its name used again")
    func emptyLastSegment() throws {
        _ = try threeLines()
        try journal.put([], "2026-11-24.1.jsonl")
        let (writer, recovery) = try journal.open()
        #expect(recovery.segments == 1)
        try writer.append(count: 1, day: Day(daysSince1970: JournalFixture.day.daysSince1970 + 1))
        #expect(try journal.names() == ["2026-11-24.jsonl", "2026-11-25.jsonl"])
        #expect(try journal.lines().count == 4)
    }

    @Test("a last segment that is all torn goes, and its bytes are kept")
    func tornSegment() throws {
        _ = try threeLines()
        try journal.put(Array("{\"position\":4,\"ty".utf8), "2026-11-25.jsonl")
        let (writer, recovery) = try journal.open()
        #expect(recovery.position == 3)
        #expect(recovery.setAside.first?.bytes == 17)
        try writer.append(count: 1)
        #expect(try journal.names() == ["2026-11-24.jsonl", "2026-11-25.jsonl.torn-1"])
        #expect(try journal.lines().count == 4)
    }

    @Test("a segment that is a symbolic link is refused")
    func symbolicLink() throws {
        let bytes = try threeLines()
        let target = JournalFixture()
        try target.put(bytes, "elsewhere")
        try POSIXFileSystem().remove(journal.path("2026-11-24.jsonl"))
        try target.link("elsewhere", from: journal.path("2026-11-24.jsonl"))
        #expect {
            try journal.open()
        } throws: { error in
            guard case .io = error as? JournalError else { return false }
            return true
        }
    }
}
