import Crypto
import Files
import LedgerCore
import LedgerJournal

/// The segments of a backup while lines are added to them.
struct BackupTarget: ~Copyable {
    private let folder: BackupFolder
    private let now: @Sendable () -> Timestamp
    private var done: [BackupManifest.File]
    private var current: OpenFile?
    private var hash = SHA256()
    private var pending: [UInt8] = []

    private static let writeBytesMax = 1 << 20

    /// Brings the segments to what `manifest` says of them: what an unfinished run added goes.
    init(
        _ folder: BackupFolder, _ manifest: BackupManifest, now: @escaping @Sendable () -> Timestamp
    ) throws(CopyError) {
        self.folder = folder
        self.now = now
        done = manifest.files
        let files = folder.files
        for name in try folder.segments() where !manifest.files.contains(where: { $0.name == name }) {
            try CopyError.files { () throws(FileError) in try files.remove(folder.path(of: name)) }
        }
        for file in manifest.files { try cut(file) }
        if let last = manifest.files.last { try goOn(with: last) }
    }

    deinit {
        if let current { folder.files.close(current) }
    }

    /// Adds a line at the end of its segment.
    mutating func add(_ line: JournalLine) throws(CopyError) {
        if done.last?.name != line.segment {
            try endSegment()
            current = try CopyError.files { () throws(FileError) in
                try folder.files.open(folder.path(of: line.segment), for: .creating(permissions: 0o640))
            }
            done.append(
                BackupManifest.File(
                    name: line.segment, bytes: 0, lines: 0, sha256: SHA256.hash(of: []), time: now()))
        }
        pending.append(contentsOf: line.bytes)
        pending.append(UInt8(ascii: "\n"))
        done[done.count - 1].bytes += line.bytes.count + 1
        done[done.count - 1].lines += 1
        if pending.count >= Self.writeBytesMax { try write() }
    }

    /// Makes all of it durable; returns what the backup holds.
    mutating func finish() throws(CopyError) -> [BackupManifest.File] {
        try endSegment()
        try CopyError.files { () throws(FileError) in try folder.files.syncDirectory(folder.logs) }
        return done
    }

    /// Takes away what an unfinished run added to a segment.
    private func cut(_ file: BackupManifest.File) throws(CopyError) {
        let path = folder.path(of: file.name)
        let files = folder.files
        do throws(FileError) {
            let open = try files.open(path, for: .repair)
            defer { files.close(open) }
            let size = try files.size(of: open)
            if size > file.bytes {
                try files.truncate(open, to: file.bytes)
                try files.sync(open)
            }
            if size >= file.bytes { return }
        } catch {
            guard error.isMissing else { throw .file(error) }
        }
        throw .badSource(
            "\(path) is shorter than when it was copied: this backup is damaged, make a new one elsewhere")
    }

    /// Opens the last segment again; its bytes must be those that were copied.
    private mutating func goOn(with file: BackupManifest.File) throws(CopyError) {
        var hash = SHA256()
        let found = try folder.read(file) { chunk throws(CopyError) in hash.update(chunk) }
        guard found == file.sha256 else {
            throw .badSource(
                "\(folder.path(of: file.name)) is not what was copied (its SHA-256 differs from the manifest's): "
                    + "this backup is damaged, make a new one elsewhere")
        }
        self.hash = hash
        current = try CopyError.files { () throws(FileError) in
            try folder.files.open(folder.path(of: file.name), for: .appending)
        }
    }

    private mutating func endSegment() throws(CopyError) {
        try write()
        guard let open = current, let last = done.last else { return }
        current = nil
        defer { folder.files.close(open) }
        let sha256 = hash.finish()
        guard sha256 != last.sha256 else { return }
        done[done.count - 1].sha256 = sha256
        done[done.count - 1].time = now()
        try CopyError.files { () throws(FileError) in try folder.files.sync(open) }
    }

    private mutating func write() throws(CopyError) {
        guard let current, !pending.isEmpty else { return }
        hash.update(pending)
        try CopyError.files { () throws(FileError) in try folder.files.appendAll(pending, to: current) }
        pending.removeAll(keepingCapacity: true)
    }
}
