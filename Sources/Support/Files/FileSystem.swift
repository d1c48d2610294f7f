/// The file operations that the ledger's durable parts rest on.
///
/// There are two implementations: ``POSIXFileSystem``, and one in the tests that fails the k-th call. Each
/// method retries an interrupted call itself and says what its caller may rely on once it has returned.
package protocol FileSystem: Sendable {
    /// Opens `path` for `purpose`; never survives `exec`. Only ``OpenPurpose/readingLinked`` follows a
    /// symbolic link at the end of the path.
    func open(_ path: String, for purpose: OpenPurpose) throws(FileError) -> OpenFile

    /// Gives the descriptor back; an error here has nothing left to say, because what mattered was synced.
    func close(_ file: OpenFile)

    /// Takes the exclusive lock of `file` for as long as it stays open; false when another holder has it.
    func lock(_ file: OpenFile) throws(FileError) -> Bool

    /// Reads into `buffer` from the byte `offset`; returns how many bytes came, 0 at the end of the file.
    func read(
        _ file: OpenFile, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int

    /// Writes at the end of `file`; returns how many bytes were taken, which may be fewer than given.
    ///
    /// After an error any part may have reached the file.
    func append(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(FileError) -> Int

    /// Writes over what stands at `offset`; for files opened for ``OpenPurpose/repair``.
    func overwrite(
        _ bytes: UnsafeRawBufferPointer, of file: OpenFile, at offset: Int
    ) throws(FileError) -> Int

    /// Makes the file's bytes and length durable.
    ///
    /// After an error nothing may be assumed about what was written since the last success, and a second call
    /// on the same descriptor proves nothing: the system forgets the failed pages.
    func sync(_ file: OpenFile) throws(FileError)

    /// Cuts `file` to `bytes`; durable only after ``sync(_:)``.
    func truncate(_ file: OpenFile, to bytes: Int) throws(FileError)

    /// The file's length in bytes.
    func size(of file: OpenFile) throws(FileError) -> Int

    /// Whether the file's path still leads to this very file, and not to none or another one.
    func isNamed(_ file: OpenFile) throws(FileError) -> Bool

    /// Gives a file another name in one step; durable only after ``syncDirectory(_:)``.
    func rename(_ path: String, to newPath: String) throws(FileError)

    /// Removes a name; durable only after ``syncDirectory(_:)``.
    func remove(_ path: String) throws(FileError)

    /// Makes the names in a directory durable: files created, renamed and removed in it.
    func syncDirectory(_ path: String) throws(FileError)

    /// The names in a directory, in no order, without `.` and `..`.
    func list(_ path: String) throws(FileError) -> [String]

    /// Creates one directory, for its owner and group alone; false when it was there.
    func makeDirectory(_ path: String) throws(FileError) -> Bool
}

/// What a file is opened for; each case is one set of flags.
package enum OpenPurpose: Hashable, Sendable {
    /// Reading only.
    case reading
    /// Reading only, what an operator names: links are followed.
    case readingLinked
    /// Reading only, and only a regular file: anything else is an error at once, a pipe without a writer too.
    case readingRegular
    /// Appending to a file that exists.
    case appending
    /// Appending to a file that must not exist yet.
    case creating(permissions: UInt32)
    /// Reading, overwriting and cutting a file that exists.
    case repair
    /// Reading and overwriting a lock file, made if missing.
    case locking
}

/// One open file: a descriptor and the path it was opened by, for messages.
///
/// A plain value: whoever opened it closes it, once.
package struct OpenFile: Hashable, Sendable {
    package let descriptor: Int32
    package let path: String

    package init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }
}
