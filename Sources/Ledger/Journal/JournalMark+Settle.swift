package import Files

extension JournalMark {
    /// Waits until the lines before the mark are durable in the segment that holds the last of them.
    ///
    /// A writer syncs its batch after it has written it: who reads to the end of the files beside one may
    /// have read lines that a power cut takes away again. Earlier segments were synced before this one began.
    package func settle(in directory: String, _ files: some FileSystem) throws(FileError) {
        guard let segment else { return }
        let file = try files.open("\(directory)/\(segment)", for: .reading)
        defer { files.close(file) }
        try files.sync(file)
    }
}
