import Files
import Foundation
import LedgerCore
import LedgerRuntime
import TestSupport
import Testing

@Suite("Day reader")
struct DayReaderTests {
    private let fixture: LedgerFixture
    private let day: Day

    init() throws {
        fixture = try LedgerFixture()
        day = try #require(Day("2026-11-24".utf8))
    }

    /// A ledger with `count` more events than it starts with, in segments of about three lines.
    private func ledger(events count: Int = 20) throws -> Ledger {
        let ledger = try fixture.open { $0.segmentBytesMax = 1_000 }
        for number in 0..<count {
            _ = try ledger.ask(.setQuota(user("u\(number)"), Quota(), actor: "test"))
        }
        return ledger
    }

    private func path(_ name: String) -> String { fixture.configuration.logsDirectory + "/" + name }

    /// The lines of the segments called `names`, as they are on disk.
    private func lines(_ names: [String]) throws -> [String] {
        try names.flatMap { name in
            try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    private func read(
        _ ledger: Ledger, _ day: Day? = nil, from place: JournalPlace? = nil, linesMax: Int = 1_000,
        scanBytesMax: Int = 1 << 20, where isWanted: (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(DayReadError) -> JournalPage {
        try DayReader(ledger).page(
            of: day ?? self.day, from: place, linesMax: linesMax, scanBytesMax: scanBytesMax, where: isWanted)
    }

    private func text(_ page: JournalPage) -> [String] {
        page.lines.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "Pages of any size together are the day, in its order, over all its segments",
        arguments: [(1, 1 << 20), (3, 1 << 20), (7, 400), (1_000, 350), (1_000, 1 << 20)])
    func pages(_ linesMax: Int, _ scanBytesMax: Int) throws {
        let ledger = try ledger()
        defer { ledger.close() }
        let all = try fixture.segments()
        #expect(all.count > 3)
        let sorted = ["2026-11-24.jsonl"] + (1..<all.count).map { "2026-11-24.\($0).jsonl" }
        var seen: [String] = []
        var place: JournalPlace?
        repeat {
            let page = try read(ledger, from: place, linesMax: linesMax, scanBytesMax: scanBytesMax)
            #expect(page.lines.count <= linesMax)
            #expect(page.next == nil || page.next != place)
            seen += text(page)
            place = page.next
        } while place != nil
        #expect(seen == (try lines(sorted)))
        #expect(Set(seen).count == seen.count)
    }

    @Test("A page may be empty and still go on, so that each has an end")
    func bounded() throws {
        let ledger = try ledger()
        defer { ledger.close() }
        let first = try read(ledger, scanBytesMax: 700) { _ in false }
        #expect(first.lines.isEmpty)
        #expect(first.next != nil)
        #expect(throws: DayReadError.self) { try read(ledger, scanBytesMax: 10) }
    }

    @Test("Only what is durable is read, and only of the day")
    func durable() throws {
        let ledger = try ledger(events: 1)
        defer { ledger.close() }
        let whole = try read(ledger)
        let file = try #require(FileHandle(forWritingAtPath: path("2026-11-24.jsonl")))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"position\":99,\"type\":\"forged\"}\n".utf8))
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path("2026-11-24.1.jsonl")))
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path("2026-11-25.jsonl")))
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path("2026-11-24.torn.jsonl")))
        #expect(try read(ledger) == whole)
        for other in ["0001-01-01", "2026-11-23", "2026-11-25", "9999-12-31"] {
            let other: Day = try #require(Day(other.utf8))
            let page = try read(ledger, other)
            #expect(page.lines.isEmpty && page.next == nil)
        }
    }

    @Test("An earlier day is read to its own end")
    func earlier() throws {
        let ledger = try ledger(events: 2)
        defer { ledger.close() }
        let before = try read(ledger)
        try fixture.clock.set("2026-11-25T12:00:00Z")
        _ = try ledger.ask(.setQuota(user("late"), Quota(), actor: "test"))
        #expect(try read(ledger) == before)
        #expect(text(try read(ledger, day.next)).count == 1)
    }

    @Test("A place at which no line begins is refused, at every byte")
    func places() throws {
        let ledger = try ledger(events: 3)
        defer { ledger.close() }
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path("2026-11-24.jsonl"))))
        for offset in 0...(bytes.count + 2) {
            let place = JournalPlace(day: day, segmentNumber: 0, byteOffset: offset)
            if offset == 0 || offset <= bytes.count && bytes[offset - 1] == UInt8(ascii: "\n") {
                #expect(throws: Never.self) { try read(ledger, from: place) }
            } else {
                #expect(throws: DayReadError.noSuchPlace) { try read(ledger, from: place) }
            }
        }
        for (number, offset) in [(0, Int.max), (9, 0), (Int.max, 0)] {
            let place = JournalPlace(day: day, segmentNumber: number, byteOffset: offset)
            #expect(throws: DayReadError.noSuchPlace) { try read(ledger, from: place) }
        }
        let other = JournalPlace(day: day.next, segmentNumber: 0, byteOffset: 0)
        #expect(throws: DayReadError.noSuchPlace) { try read(ledger, from: other) }
    }

    @Test(
        "A place has one spelling",
        arguments: [
            "", ".", "2026-11-24", "2026-11-24.0", "2026-11-24.0.", "2026-11-24.0.-1", "2026-11-24.-1.0",
            "2026-11-24.00.0", "2026-11-24.0.+1", "2026-11-24.0.1.2", "2026-02-30.0.0", " 2026-11-24.0.1",
            "2026-11-24.0.99999999999999999999", "../../etc/passwd.0.0", "2026-11-24.0.0\u{0}",
        ])
    func spelling(_ text: String) {
        #expect(JournalPlace(text) == nil)
        let place = JournalPlace(day: day, segmentNumber: 3, byteOffset: 81_920)
        #expect(place.text == "2026-11-24.3.81920")
        #expect(JournalPlace(place.text) == place)
    }

    @Test(
        "A segment that is no regular file is refused at once", arguments: ["symlink", "pipe", "directory"])
    func notRegular(_ kind: String) throws {
        let ledger = try ledger()
        defer { ledger.close() }
        let first = path("2026-11-24.jsonl")
        let secret = fixture.home + "/secret"
        try FileManager.default.moveItem(atPath: first, toPath: secret)
        switch kind {
        case "symlink": try FileManager.default.createSymbolicLink(atPath: first, withDestinationPath: secret)
        case "pipe": #expect(mkfifo(first, 0o600) == 0)
        default: try FileManager.default.createDirectory(atPath: first, withIntermediateDirectories: false)
        }
        #expect(throws: DayReadError.self) { try read(ledger) }
        // The day's other segments are there still.
        let place = JournalPlace(day: day, segmentNumber: 1, byteOffset: 0)
        #expect(try read(ledger, from: place).lines.count > 3)
    }

    @Test("A segment that was cut is refused", arguments: ["2026-11-24.jsonl", "last"])
    func cut(_ name: String) throws {
        let ledger = try ledger(events: name == "last" ? 2 : 20)
        defer { ledger.close() }
        let file = try #require(FileHandle(forWritingAtPath: path("2026-11-24.jsonl")))
        try file.truncate(atOffset: try file.seekToEnd() - 5)
        #expect(throws: DayReadError.self) { try read(ledger) }
    }
}
