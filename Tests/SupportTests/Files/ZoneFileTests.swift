import Files
import Testing

@Suite("ZoneFile")
struct ZoneFileTests {
    private func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private func part(times: Int32, types: Int32, _ body: [UInt8]) -> [UInt8] {
        var bytes = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        for count in [0, 0, 0, times, types, 4] as [Int32] { bytes += number(count) }
        return bytes + body
    }

    /// A file of version 2 with these changes of `offsets`, and a footer.
    private func file(_ changes: [(at: Int64, kind: UInt8)], offsets: [Int32], footer: String) -> [UInt8] {
        let name = Array("UTC\0".utf8)
        var bytes = part(times: 0, types: 1, number(Int32(0)) + [0, 0] + name)
        var body: [UInt8] = []
        for change in changes { body += number(change.at) }
        for change in changes { body.append(change.kind) }
        for offset in offsets { body += number(offset) + [0, 0] }
        bytes += part(times: Int32(changes.count), types: Int32(offsets.count), body + name)
        return bytes + Array("\n\(footer)\n".utf8)
    }

    @Test("reads changes and the footer")
    func reads() throws {
        let bytes = file([(-5, 0), (1 << 33, 1)], offsets: [3_600, -1_800], footer: "CET-1")
        let zone = try #require(ZoneFile(bytes))
        #expect(zone.footer == "CET-1")
        #expect(
            zone.changes == [
                ZoneFile.Change(at: -5, offset: 3_600), ZoneFile.Change(at: 1 << 33, offset: -1_800),
            ])
    }

    @Test("a cut file, a kind that is not there and other bytes are none")
    func refuses() {
        let bytes = file([(1, 0)], offsets: [0], footer: "UTC0")
        for length in bytes.indices { #expect(ZoneFile(Array(bytes[..<length])) == nil) }
        #expect(ZoneFile(file([(1, 1)], offsets: [0], footer: "UTC0")) == nil)
        #expect(ZoneFile(Array(repeating: 0x41, count: 500)) == nil)
    }

    @Test("the system's zones can be read, and a folder or a missing file cannot")
    func system() throws {
        let files = POSIXFileSystem()
        let berlin = try #require(try ZoneFile.read("Europe/Berlin", files))
        #expect(berlin.footer == "CET-1CEST,M3.5.0,M10.5.0/3")
        for name in ["Europe", "Europe/Nowhere"] {
            #expect(throws: FileError.self) { try ZoneFile.read(name, files) }
        }
    }
}
