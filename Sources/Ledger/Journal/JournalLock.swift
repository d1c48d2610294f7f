package import Files

/// The exclusive right to write one journal, held by an open and locked file.
///
/// The kernel gives it back when the process ends, however it ends. The file names the holder for people.
package enum JournalLock {
    private static let contentBytes = 20

    /// Takes the lock for the process `pid`; whoever closes the file gives it back.
    ///
    /// - Throws: ``JournalError/locked(directory:pid:)``, ``JournalError/io(_:)``.
    package static func take(
        _ directory: String, pid: Int = CurrentProcess.id, _ files: some FileSystem
    ) throws(JournalError) -> OpenFile {
        let file = try io(try files.open(directory + "/.lock", for: .locking))
        do throws(JournalError) {
            guard try io(try files.lock(file)) else {
                throw .locked(directory: directory, pid: holder(file, files))
            }
            // One fixed width, so that a new holder overwrites the old in place, on a full disk too.
            let digits = [UInt8](String(pid).utf8)
            let padding = [UInt8](repeating: UInt8(ascii: " "), count: contentBytes - 1 - digits.count)
            try write(digits + padding + [LineFormat.newline], file, files)
        } catch {
            files.close(file)
            throw error
        }
        return file
    }

    private static func write(
        _ content: [UInt8], _ file: OpenFile, _ files: some FileSystem
    ) throws(JournalError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 16)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: content)
        _ = try io(try files.overwrite(UnsafeRawBufferPointer(buffer), of: file, at: 0))
    }

    private static func holder(_ file: OpenFile, _ files: some FileSystem) -> Int? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: contentBytes, alignment: 16)
        defer { buffer.deallocate() }
        guard let count = try? files.read(file, at: 0, into: buffer) else { return nil }
        return Int(String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self))
    }
}
