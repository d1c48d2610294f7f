import Glibc

/// A file operation that the system refused: what was tried, on which path, and its error number.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operations of a ``FileSystem``, by the name of their system call.
    package enum Operation: String, Hashable, Sendable {
        case open, close, lock = "flock", read, write, sync = "fdatasync", truncate, size = "stat", rename
        case remove = "unlink", syncDirectory = "fsync directory", list, makeDirectory = "mkdir"
    }

    package let operation: Operation
    package let path: String
    package let errno: Int32
    /// What its reader takes at most, of a file that is larger.
    package private(set) var bytesMax: Int?

    package init(_ operation: Operation, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    /// Whether the disk, or the user's share of it, is full; only time or the operator can mend that.
    package var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }

    /// Whether the file is not there.
    package var isMissing: Bool { errno == ENOENT }

    package var description: String {
        let reason = bytesMax.map { "the file is larger than the \($0) bytes that are read here" }
        return "\(operation.rawValue) \(path): \(reason ?? String(cString: strerror(errno))) (\(errno))"
    }

    /// The last error of this thread, as the outcome of `operation` on `path`.
    static func last(_ operation: Operation, _ path: String) -> FileError {
        FileError(operation, path, errno: Glibc.errno)
    }
}

extension FileError {
    /// A file that is larger than its reader allows.
    package static func tooLarge(_ path: String, bytesMax: Int) -> FileError {
        var error = FileError(.read, path, errno: EFBIG)
        error.bytesMax = bytesMax
        return error
    }
}
