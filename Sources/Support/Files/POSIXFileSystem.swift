import Glibc

/// The real file system, through POSIX calls; holds no state.
package struct POSIXFileSystem: FileSystem {
    package init() {}

    package func open(_ path: String, for purpose: OpenPurpose) throws(FileError) -> OpenFile {
        let always = purpose == .readingLinked ? O_CLOEXEC : O_CLOEXEC | O_NOFOLLOW
        let (flags, mode): (Int32, mode_t) =
            switch purpose {
            case .reading, .readingLinked: (O_RDONLY, 0)
            case .readingRegular: (O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
            case .appending: (O_WRONLY | O_APPEND, 0)
            case .creating(let permissions): (O_WRONLY | O_APPEND | O_CREAT | O_EXCL, permissions)
            case .repair: (O_RDWR, 0)
            case .locking: (O_RDWR | O_CREAT, 0o640)
            }
        let descriptor = retry { Glibc.open(path, flags | always, mode) }
        guard descriptor >= 0 else { throw .last(.open, path) }
        let file = OpenFile(descriptor: descriptor, path: path)
        if purpose == .readingRegular, !isRegular(file) {
            close(file)
            throw FileError(.open, path, errno: EINVAL)
        }
        return file
    }

    private func isRegular(_ file: OpenFile) -> Bool {
        var status = stat()
        return fstat(file.descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    package func close(_ file: OpenFile) {
        // A child between fork and exec shares the open file, and would hold its lock past the close.
        _ = flock(file.descriptor, LOCK_UN)
        // Not retried: Linux frees the descriptor even when the call was interrupted.
        _ = Glibc.close(file.descriptor)
    }

    package func lock(_ file: OpenFile) throws(FileError) -> Bool {
        guard retry({ flock(file.descriptor, LOCK_EX | LOCK_NB) }) != 0 else { return true }
        guard errno == EWOULDBLOCK else { throw .last(.lock, file.path) }
        return false
    }

    package func read(
        _ file: OpenFile, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        let count = retry { pread(file.descriptor, buffer.baseAddress, buffer.count, offset) }
        guard count >= 0 else { throw .last(.read, file.path) }
        return count
    }

    package func append(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(FileError) -> Int {
        let count = retry { write(file.descriptor, bytes.baseAddress, bytes.count) }
        guard count >= 0 else { throw .last(.write, file.path) }
        return count
    }

    package func overwrite(
        _ bytes: UnsafeRawBufferPointer, of file: OpenFile, at offset: Int
    ) throws(FileError) -> Int {
        let count = retry { pwrite(file.descriptor, bytes.baseAddress, bytes.count, offset) }
        guard count >= 0 else { throw .last(.write, file.path) }
        return count
    }

    package func sync(_ file: OpenFile) throws(FileError) {
        guard retry({ fdatasync(file.descriptor) }) == 0 else { throw .last(.sync, file.path) }
    }

    package func truncate(_ file: OpenFile, to bytes: Int) throws(FileError) {
        guard retry({ ftruncate(file.descriptor, bytes) }) == 0 else { throw .last(.truncate, file.path) }
    }

    package func size(of file: OpenFile) throws(FileError) -> Int {
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else { throw .last(.size, file.path) }
        return status.st_size
    }

    package func isNamed(_ file: OpenFile) throws(FileError) -> Bool {
        var (opened, named) = (stat(), stat())
        guard fstat(file.descriptor, &opened) == 0 else { throw .last(.size, file.path) }
        guard lstat(file.path, &named) == 0 else {
            guard errno == ENOENT else { throw .last(.size, file.path) }
            return false
        }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        guard Glibc.rename(path, newPath) == 0 else { throw .last(.rename, path) }
    }

    package func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 else { throw .last(.remove, path) }
    }

    package func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = retry { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last(.syncDirectory, path) }
        defer { _ = Glibc.close(descriptor) }
        guard retry({ fsync(descriptor) }) == 0 else { throw .last(.syncDirectory, path) }
    }

    package func list(_ path: String) throws(FileError) -> [String] {
        guard let directory = opendir(path) else { throw .last(.list, path) }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw .last(.list, path) }
        return names
    }

    package func makeDirectory(_ path: String) throws(FileError) -> Bool {
        guard mkdir(path, 0o750) != 0 else { return true }
        guard errno == EEXIST else { throw .last(.makeDirectory, path) }
        return false
    }

    /// Repeats a call while a signal interrupts it.
    private func retry<Code: SignedInteger>(_ call: () -> Code) -> Code {
        while true {
            let code = call()
            guard code < 0, errno == EINTR else { return code }
        }
    }
}
