package import Files

/// What an export writes to: a file that appears whole or not at all, or standard output.
///
/// A file is written under another name beside it, synced and renamed; giving up removes it.
package final class ExportFile {
    private let files: any FileSystem
    private let path: String?
    private let file: OpenFile
    private var isOpen = true

    /// Opens a file for `path`; nil: standard output.
    ///
    /// - Throws: a ``FileError`` when it cannot be made.
    package init(_ path: String?, files: some FileSystem = POSIXFileSystem()) throws(FileError) {
        self.files = files
        self.path = path
        guard let path else {
            file = OpenFile(descriptor: 1, path: "standard output")
            return
        }
        let temporary = path + ".part-\(CurrentProcess.id)"
        // A leftover of a crashed process that had this id.
        do { try files.remove(temporary) } catch { guard error.isMissing else { throw error } }
        file = try files.open(temporary, for: .creating(permissions: 0o640))
    }

    /// Writes `bytes`.
    ///
    /// - Throws: a ``FileError`` when not all of them could be written.
    package func write(_ bytes: [UInt8]) throws(FileError) { try files.appendAll(bytes, to: file) }

    /// Gives the file its name; what had it before is gone.
    ///
    /// - Throws: a ``FileError``; the file that had the name is then still there.
    package func finish() throws(FileError) {
        guard let path else { return }
        do throws(FileError) {
            try files.sync(file)
            try files.rename(file.path, to: path)
        } catch {
            giveUp()
            throw error
        }
        isOpen = false
        files.close(file)
        try files.syncDirectory(files.parent(of: path))
    }

    /// Removes what was written to a file.
    package func giveUp() {
        guard path != nil, isOpen else { return }
        isOpen = false
        files.close(file)
        try? files.remove(file.path)
    }
}
