import Crypto
import Files
import LedgerJournal

/// A backup's folder: `manifest.json`, and the segments it names in `logs/`.
struct BackupFolder: Sendable {
    let path: String
    let files: any FileSystem

    /// Where the segments lie.
    var logs: String { path + "/logs" }

    func path(of segment: SegmentName) -> String { "\(logs)/\(segment)" }

    /// Refuses a folder with anything in it, unless it is a backup.
    func requireUsable() throws(CopyError) {
        let found = try names(in: path)
        guard !found.contains(BackupManifest.fileName) else { return }
        let logs = try found.contains("logs") ? names(in: logs) : []
        let strangers = found.filter {
            $0 != "logs" && $0 != ".lock" && !$0.hasPrefix(BackupManifest.fileName + ".tmp-")
        }
        guard strangers.isEmpty, logs.isEmpty else {
            throw .occupied("\(path) is not empty and no backup: nothing is overwritten; give another folder")
        }
    }

    /// The segments that are there, whether the manifest names them or not.
    func segments() throws(CopyError) -> [SegmentName] {
        try names(in: logs).compactMap { SegmentName($0) }.sorted()
    }

    /// Hands the first `file.bytes` bytes of a segment to `body`, and returns their hash.
    func read(
        _ file: BackupManifest.File, _ body: (UnsafeRawBufferPointer) throws(CopyError) -> Void
    ) throws(CopyError) -> Digest {
        let path = path(of: file.name)
        let open: OpenFile
        do throws(FileError) { open = try files.open(path, for: .readingRegular) } catch {
            guard error.isMissing else { throw .file(error) }
            throw .badSource("\(path) is missing, and the backup's manifest names it")
        }
        defer { files.close(open) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 4096)
        defer { buffer.deallocate() }
        var hash = SHA256()
        var offset = 0
        while offset < file.bytes {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<min(buffer.count, file.bytes - offset)])
            let count = try CopyError.files { () throws(FileError) in
                try files.read(open, at: offset, into: room)
            }
            guard count > 0 else {
                throw .badSource("\(path) has \(offset) bytes, and the backup's manifest says \(file.bytes)")
            }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(chunk)
            try body(chunk)
            offset += count
        }
        return hash.finish()
    }

    private static let chunkBytes = 1 << 20

    private func names(in directory: String) throws(CopyError) -> [String] {
        do throws(FileError) { return try files.list(directory) } catch {
            guard error.isMissing else { throw .file(error) }
            return []
        }
    }
}
