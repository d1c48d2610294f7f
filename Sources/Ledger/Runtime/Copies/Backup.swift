import Crypto
import Files
import LedgerCore
import LedgerJournal

/// Copies a journal into a folder, beside a live writer, and later only what was appended since.
///
/// Only whole lines that follow from the lines before are copied, and only what is durable. The manifest is
/// written last: ended in the middle, a run leaves the backup as it was, and the next one takes away what it
/// had begun. A snapshot is not copied, because the journal alone gives all of it again.
package struct Backup {
    private let logsDirectory: String
    private let origin: String
    private let folder: BackupFolder
    private let now: @Sendable () -> Timestamp

    private var files: any FileSystem { folder.files }

    /// What a run copied.
    package struct Outcome: Hashable, Sendable {
        /// What the backup holds now.
        package let manifest: BackupManifest
        /// The position that it went on from.
        package let after: Int64
        /// Bytes that were copied.
        package let bytes: Int64
    }

    /// Copies the journal of `configuration` into the folder `path`.
    package init(_ configuration: LedgerConfiguration, to path: String) {
        logsDirectory = configuration.logsDirectory
        origin = configuration.origin
        now = configuration.now
        folder = BackupFolder(path: path, files: configuration.files)
    }

    /// Runs; a folder with an earlier backup of the same journal is brought up to date.
    ///
    /// - Parameter progress: told now and then how many lines and bytes were copied.
    /// - Returns: what the backup holds now.
    /// - Throws: ``CopyError/occupied(_:)`` where something else is in the folder,
    ///   ``CopyError/badSource(_:)`` when the journal is not the one that was copied before, or the copy is
    ///   not what was copied; ``CopyError/journal(_:)`` for a damaged line.
    package func run(progress: (_ events: Int, _ bytes: Int) -> Void) throws(CopyError) -> Outcome {
        try folder.requireUsable()
        try CopyError.files { () throws(FileError) in try files.makeDirectories(folder.logs) }
        let lock = try CopyError.journal { () throws(JournalError) in
            try JournalLock.take(folder.path, files)
        }
        defer { files.close(lock) }
        var manifest = try openManifest()
        let after = manifest.mark
        let bytesBefore = manifest.bytes
        var reader = try reader(after: after)
        var target = try BackupTarget(folder, manifest, now: now)
        var step = (events: 0, bytes: 0)
        while let line = try next(&reader) {
            try target.add(line)
            step.events += 1
            step.bytes += line.bytes.count + 1
            if step.bytes >= Self.stepBytes {
                progress(step.events, step.bytes)
                step = (0, 0)
            }
        }
        progress(step.events, step.bytes)
        let end = reader.mark
        if end.position > after.position {
            try CopyError.files { () throws(FileError) in try end.settle(in: logsDirectory, files) }
        }
        manifest.files = try target.finish()
        manifest.position = end.position
        manifest.chain = end.chain
        manifest.time = now()
        try write(manifest)
        return Outcome(manifest: manifest, after: after.position, bytes: manifest.bytes - bytesBefore)
    }

    private static let stepBytes = 1 << 20

    /// The earlier backup's manifest, or one that makes the folder a backup.
    private func openManifest() throws(CopyError) -> BackupManifest {
        if let manifest = try BackupManifest.read(folder.path, files) {
            guard manifest.origin == origin else {
                throw .occupied(
                    "\(folder.path) is a backup of the journal \"\(manifest.origin)\", and this is \"\(origin)\": "
                        + "give another folder")
            }
            return manifest
        }
        let manifest = BackupManifest(origin: origin, time: now())
        try write(manifest)
        return manifest
    }

    private func write(_ manifest: BackupManifest) throws(CopyError) {
        try CopyError.files { () throws(FileError) in
            try files.writeWhole(manifest.text, to: "\(folder.path)/\(BackupManifest.fileName)")
        }
    }

    /// A reader of what the backup does not have.
    ///
    /// One comparison covers all that it has: the chain of its last line is that of every line before.
    private func reader(after mark: JournalMark) throws(CopyError) -> JournalReader {
        do throws(JournalError) {
            return try JournalReader(directory: logsDirectory, origin: origin, from: mark)
        } catch {
            guard case .damaged(let damage) = error else { throw .journal(error) }
            throw .badSource(
                "the journal does not go on from this backup, which ends at position \(mark.position): "
                    + "\(damage.path): \(damage.kind); it is another history, so back it up into another folder"
            )
        }
    }

    private func next(_ reader: inout JournalReader) throws(CopyError) -> JournalLine? {
        do throws(JournalError) { return try reader.next() } catch { throw .journal(error) }
    }
}
