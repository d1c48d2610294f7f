import Files
import LedgerCore
import LedgerJournal
import Testing

@Suite("SegmentBuilder")
struct SegmentBuilderTests {
    let original = JournalFixture()
    let copy = JournalFixture()

    /// The lines of the original, whole.
    private func lines() throws -> [[UInt8]] { try original.lines().map { Array($0.utf8) } }

    @Test("A known journal comes out in the writer's own files, over days and over the size of a segment")
    func sameFiles() throws {
        var times: [Timestamp] = []
        let (writer, _) = try original.open(segmentBytesMax: 900)
        var chance = SystemRandomNumberGenerator()
        for step in 0..<60 {
            let day = try #require(Day("2026-11-\(10 + step / 20)".utf8))
            let count = Int.random(in: 1...6, using: &chance)
            try writer.append(count: count, day: day)
            let time = Timestamp(microseconds: day.start.microseconds + Int64(step))
            times += Array(repeating: time, count: count)
        }
        writer.close()
        #expect(try original.names().count > 10)

        let stage = try StagedJournal(at: copy.logs)
        var builder = SegmentBuilder(stage, origin: JournalFixture.origin, segmentBytesMax: 900)
        for (line, time) in zip(try lines(), times) { #expect(try builder.add(line, at: time)) }
        try builder.finish()
        #expect(builder.position == Int64(times.count) && builder.chain == writer.lastChain)
        try stage.publish()
        #expect(try copy.names() == original.names())
        for name in try original.names() { #expect(try copy.bytes(name) == original.bytes(name)) }
    }

    @Test("A line that does not go on from the one before is not added")
    func refused() throws {
        let (writer, _) = try original.open()
        try writer.append(count: 3)
        let lines = try lines()
        let time = JournalFixture.day.start
        let stage = try StagedJournal(at: copy.logs)
        var builder = SegmentBuilder(stage, origin: JournalFixture.origin)
        #expect(try builder.add(lines[0], at: time))
        var changed = lines[1]
        changed[15] ^= 1
        let cut = Array(lines[1].dropLast())
        for wrong in [lines[0], lines[2], changed, cut, lines[1] + lines[2], []] {
            #expect(try !builder.add(wrong, at: time))
        }
        #expect(try builder.add(lines[1], at: time))
        var foreign = SegmentBuilder(stage, origin: "another")
        #expect(try !foreign.add(lines[0], at: time))
    }
}
