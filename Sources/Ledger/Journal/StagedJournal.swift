package import Files

/// A journal that is being made beside its place, and put there in one step once it is whole.
///
/// Nothing is ever overwritten: the place must be free. What an earlier run left half made is made anew.
/// Until the end nobody else can make one there, or write the journal.
package final class StagedJournal {
    /// Where its segments are made.
    package let directory: String
    private let place: String
    private let files: any FileSystem
    private var locks: [OpenFile] = []

    /// Begins a journal for `place`, the directory of its segments.
    ///
    /// - Throws: ``JournalError/occupied(directory:)``, ``JournalError/locked(directory:pid:)``,
    ///   ``JournalError/io(_:)``.
    package init(
        at place: String, files: some FileSystem = POSIXFileSystem(), pid: Int = CurrentProcess.id
    ) throws(JournalError) {
        self.place = place
        self.files = files
        directory = place + ".partial"
        do throws(JournalError) {
            // Looked at first, because a place that is not free is left as it is.
            try requireFree()
            // A writer that starts meanwhile makes its first line only with this lock.
            try io(try files.makeDirectories(place))
            locks.append(try JournalLock.take(place, pid: pid, files))
            try requireFree()
            try io(try files.makeDirectories(directory))
            locks.append(try JournalLock.take(directory, pid: pid, files))
            for name in try names(in: directory) where name != Self.lockName {
                guard SegmentName(name) != nil else { throw .occupied(directory: directory) }
                try io(try files.remove(directory + "/" + name))
            }
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Makes a segment; it must not be there yet.
    package func create(_ segment: SegmentName) throws(JournalError) -> OpenFile {
        try io(try files.open("\(directory)/\(segment)", for: .creating(permissions: 0o640)))
    }

    /// Puts the journal in its place, durably; its segments must be synced.
    package func publish() throws(JournalError) {
        try io(try files.syncDirectory(directory))
        // The place is free but for the lock, which is ours; should anything have come since, the rename
        // fails.
        do { try files.remove(place + "/" + Self.lockName) } catch {
            guard error.isMissing else { throw .io(error) }
        }
        try io(try files.rename(directory, to: place))
        try io(try files.syncDirectory(files.parent(of: place)))
        close()
    }

    private func close() {
        for lock in locks { files.close(lock) }
        locks = []
    }

    private static let lockName = ".lock"

    private func requireFree() throws(JournalError) {
        guard try names(in: place).allSatisfy({ $0 == Self.lockName }) else {
            throw .occupied(directory: place)
        }
    }

    private func names(in directory: String) throws(JournalError) -> [String] {
        do { return try files.list(directory) } catch {
            guard error.isMissing else { throw .io(error) }
            return []
        }
    }
}
