import Crypto
package import Files
import LedgerJournal

/// Checks a backup, and puts the journal that it holds into a home that has none.
package struct Restore {
    private let folder: BackupFolder

    private var files: any FileSystem { folder.files }

    /// Works with the backup in the folder `path`.
    package init(from path: String, files: some FileSystem = POSIXFileSystem()) {
        folder = BackupFolder(path: path, files: files)
    }

    /// What the backup says that it holds.
    ///
    /// - Throws: ``CopyError/badSource(_:)`` when there is no backup, or an empty one.
    package func manifest() throws(CopyError) -> BackupManifest {
        guard let manifest = try BackupManifest.read(folder.path, files) else {
            throw .badSource("there is no backup in \(folder.path): it has no \(BackupManifest.fileName)")
        }
        guard manifest.position > 0 else {
            throw .badSource("the backup in \(folder.path) holds nothing: its first run did not end")
        }
        return manifest
    }

    /// Checks every chain link and every hash, and changes nothing.
    ///
    /// - Parameters:
    ///   - manifest: what ``manifest()`` gave.
    ///   - progress: told now and then how many lines and bytes were checked: each byte is read twice.
    /// - Throws: ``CopyError/badSource(_:)`` with the file, and the line where one is wrong.
    package func check(
        _ manifest: BackupManifest, progress: (_ events: Int, _ bytes: Int) -> Void
    ) throws(CopyError) {
        try checkChain(manifest, progress)
        for file in manifest.files { try read(file, progress) { _ throws(CopyError) in } }
    }

    /// Checks all of it and puts it into `logsDirectory`, which must be free.
    ///
    /// - Parameters:
    ///   - manifest: what ``manifest()`` gave.
    ///   - logsDirectory: where the journal goes.
    ///   - progress: told now and then how many lines and bytes were read: each byte is read twice.
    /// - Throws: what ``check(_:progress:)`` throws; ``CopyError/journal(_:)`` with
    ///   ``JournalError/occupied(directory:)`` where something is in the home.
    package func run(
        _ manifest: BackupManifest, into logsDirectory: String,
        progress: (_ events: Int, _ bytes: Int) -> Void
    ) throws(CopyError) {
        let stage = try CopyError.journal { () throws(JournalError) in
            try StagedJournal(at: logsDirectory, files: files)
        }
        try checkChain(manifest, progress)
        for file in manifest.files {
            let copy = try CopyError.journal { () throws(JournalError) in try stage.create(file.name) }
            defer { files.close(copy) }
            try read(file, progress) { chunk throws(CopyError) in
                try CopyError.files { () throws(FileError) in try files.appendAll(chunk, to: copy) }
            }
            try CopyError.files { () throws(FileError) in try files.sync(copy) }
        }
        try CopyError.journal { () throws(JournalError) in try stage.publish() }
    }

    /// Reads every line that the manifest speaks of; its own last position and chain must be the last line's.
    private func checkChain(
        _ manifest: BackupManifest, _ progress: (_ events: Int, _ bytes: Int) -> Void
    ) throws(CopyError) {
        var step = (events: 0, bytes: 0)
        do throws(JournalError) {
            var reader = try JournalReader(directory: folder.logs, origin: manifest.origin, files: files)
            while let line = try reader.next(upTo: manifest.mark) {
                step.events += 1
                step.bytes += line.bytes.count + 1
                guard step.bytes >= Self.stepBytes else { continue }
                progress(step.events, step.bytes)
                step = (0, 0)
            }
            progress(step.events, step.bytes)
            guard reader.mark == manifest.mark else {
                throw .damaged(
                    JournalError.Damage(
                        path: folder.path(of: manifest.files[manifest.files.count - 1].name),
                        line: manifest.mark.lineCount, byte: manifest.mark.byteOffset, kind: .markMismatch))
            }
        } catch {
            switch error {
            case .damaged(let damage):
                throw .badSource(
                    "\(damage.path), line \(damage.line): \(damage.kind); the backup is not what was copied")
            case .foreignOrigin(let origin, let path):
                throw .badSource("\(path), line 1: does not follow from the manifest's origin \"\(origin)\"")
            default: throw .journal(error)
            }
        }
    }

    private func read(
        _ file: BackupManifest.File, _ progress: (_ events: Int, _ bytes: Int) -> Void,
        _ body: (UnsafeRawBufferPointer) throws(CopyError) -> Void
    ) throws(CopyError) {
        let found = try folder.read(file) { chunk throws(CopyError) in
            try body(chunk)
            progress(0, chunk.count)
        }
        guard found == file.sha256 else {
            throw .badSource("\(folder.path(of: file.name)): its SHA-256 is not the one in the manifest")
        }
    }

    private static let stepBytes = 1 << 20
}
