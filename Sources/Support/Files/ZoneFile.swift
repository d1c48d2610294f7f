/// A time zone's clock as a TZif file has it (RFC 8536).
package struct ZoneFile: Hashable, Sendable {
    /// What holds after the last change, in the form of POSIX.
    package let footer: String
    /// Changes of the clock, in order: seconds since 1970, and seconds east of UTC from then on.
    package let changes: [Change]

    /// One change of the clock.
    package struct Change: Hashable, Sendable {
        /// Seconds since 1970.
        package let at: Int64
        /// Seconds east of UTC from then on.
        package let offset: Int64

        /// Creates a change.
        package init(at: Int64, offset: Int64) {
            self.at = at
            self.offset = offset
        }
    }

    /// The folder where the system keeps its zones.
    package static let folder = "/usr/share/zoneinfo"
    /// The largest file that is read; the system's largest has 4 kB.
    package static let bytesMax = 65_536

    /// Reads the bytes of a file of version 2 or later; nil when they are none.
    package init?(_ bytes: [UInt8]) {
        guard let old = Header(bytes, at: 0), old.version >= UInt8(ascii: "2"),
            let new = Header(bytes, at: 44 + old.bodyBytes(timeBytes: 4))
        else { return nil }
        let times = new.end
        let kinds = times + 8 * new.times
        let types = kinds + new.times
        let footerStart = new.end + new.bodyBytes(timeBytes: 8)
        guard footerStart < bytes.count, bytes[footerStart] == 0x0A, bytes.last == 0x0A,
            footerStart + 1 < bytes.count
        else { return nil }
        var changes: [Change] = []
        for number in 0..<new.times {
            let kind = Int(bytes[kinds + number])
            guard kind < new.types else { return nil }
            let offset = Self.number(bytes, at: types + 6 * kind, count: 4)
            changes.append(Change(at: Self.number(bytes, at: times + 8 * number, count: 8), offset: offset))
        }
        self.changes = changes
        footer = String(decoding: bytes[(footerStart + 1)..<(bytes.count - 1)], as: UTF8.self)
    }

    /// Reads the file of the zone called `name`, which must be a name and no path out of the folder; many
    /// names are links to another.
    ///
    /// - Throws: a ``FileError``; nil for a file that is no zone's.
    package static func read(
        _ name: String, in folder: String = folder, _ files: some FileSystem
    ) throws(FileError) -> ZoneFile? {
        ZoneFile(try files.readNamed("\(folder)/\(name)", bytesMax: bytesMax))
    }

    /// A signed number, the most significant byte first.
    private static func number(_ bytes: [UInt8], at start: Int, count: Int) -> Int64 {
        var value = Int64(Int8(bitPattern: bytes[start]))
        for byte in bytes[(start + 1)..<(start + count)] { value = value << 8 | Int64(byte) }
        return value
    }

    /// The counts that a part of the file begins with.
    private struct Header {
        let version: UInt8
        let counts: [Int]
        let end: Int

        var times: Int { counts[3] }
        var types: Int { counts[4] }

        init?(_ bytes: [UInt8], at start: Int) {
            guard start + 44 <= bytes.count, bytes[start..<(start + 4)].elementsEqual(Array("TZif".utf8))
            else { return nil }
            version = bytes[start + 4]
            end = start + 44
            counts = (0..<6).map { Int(ZoneFile.number(bytes, at: start + 20 + 4 * $0, count: 4)) }
            guard counts.allSatisfy({ (0...ZoneFile.bytesMax).contains($0) }) else { return nil }
        }

        /// How many bytes the part has behind its counts.
        func bodyBytes(timeBytes: Int) -> Int {
            counts[3] * (timeBytes + 1) + counts[4] * 6 + counts[5] + counts[2] * (timeBytes + 4) + counts[1]
                + counts[0]
        }
    }
}
