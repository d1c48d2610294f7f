package import Crypto
import Files
import JSON
package import LedgerCore
package import LedgerJournal

/// What a backup holds: `manifest.json`, written last and in one step, so that nothing else counts.
package struct BackupManifest: Hashable, Sendable {
    /// The journal's origin.
    package let origin: String
    /// The last position.
    package var position: Int64 = 0
    /// The chain there.
    package var chain: ChainHash
    /// When the backup was made.
    package var time: Timestamp
    /// The segments, in their order.
    package var files: [File] = []

    /// One segment.
    package struct File: Hashable, Sendable {
        /// Its name, in the backup as in the journal.
        package let name: SegmentName
        /// How many of its bytes count; what follows is a run that did not end.
        package var bytes: Int
        /// How many lines these are.
        package var lines: Int
        /// Their SHA-256.
        package var sha256: Digest
        /// When they were copied.
        package var time: Timestamp
    }

    /// Describes a backup of nothing.
    init(origin: String, time: Timestamp) {
        self.origin = origin
        self.time = time
        chain = .genesis(origin: origin)
    }

    /// The place after the last line.
    var mark: JournalMark {
        JournalMark(
            segment: files.last?.name, byteOffset: files.last?.bytes ?? 0, lineCount: files.last?.lines ?? 0,
            position: position, chain: chain)
    }

    /// All bytes that count.
    package var bytes: Int64 { files.reduce(0) { $0 + Int64($1.bytes) } }

    static let fileName = "manifest.json"
    private static let format = "dispatch-ledger-backup/1"
    private static let bytesMax = 16 << 20

    /// The document.
    var text: [UInt8] {
        JSONText.object { json in
            json.member("format", Self.format)
            json.member("origin", origin)
            json.member("position", position)
            json.member("chain", chain.hex)
            json.member("time", time.text)
            json.key("files")
            json.array { json in
                for file in files {
                    json.object { json in
                        json.member("name", file.name.description)
                        json.member("bytes", file.bytes)
                        json.member("lines", file.lines)
                        json.member("sha256", file.sha256.hex)
                        json.member("time", file.time.text)
                    }
                }
            }
        } + [UInt8(ascii: "\n")]
    }

    /// Reads the manifest in `directory`; nil: there is none.
    static func read(_ directory: String, _ files: some FileSystem) throws(CopyError) -> BackupManifest? {
        let path = "\(directory)/\(fileName)"
        let bytes: [UInt8]
        do throws(FileError) { bytes = try files.readWhole(path, bytesMax: bytesMax) } catch {
            guard error.isMissing else { throw .file(error) }
            return nil
        }
        guard let document = try? JSONDocument.parse(bytes), let manifest = BackupManifest(document.root)
        else { throw .badSource("\(path) is no manifest of this version") }
        return manifest
    }

    private init?(_ json: JSONValue) {
        guard json["format"]?.string == Self.format, let origin = json["origin"]?.string,
            let position = json["position"]?.int64, position >= 0,
            let chain = json["chain"]?.string.flatMap({ ChainHash(hex: $0) }),
            let time = json["time"]?.string.flatMap({ Timestamp($0.utf8) }), let list = json["files"]
        else { return nil }
        self.init(origin: origin, time: time)
        self.position = position
        self.chain = chain
        for element in list.array {
            guard let name = element["name"]?.string.flatMap({ SegmentName($0) }),
                let bytes = element["bytes"]?.int64, bytes > 0, let lines = element["lines"]?.int64,
                lines > 0,
                let sha256 = element["sha256"]?.string.flatMap({ Digest(hex: $0) }),
                let time = element["time"]?.string.flatMap({ Timestamp($0.utf8) }),
                files.last.map({ $0.name < name }) ?? true
            else { return nil }
            files.append(
                File(name: name, bytes: Int(bytes), lines: Int(lines), sha256: sha256, time: time))
        }
        guard files.isEmpty == (position == 0) else { return nil }
    }
}
