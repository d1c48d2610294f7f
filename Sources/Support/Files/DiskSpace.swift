import Glibc

/// How full the file system is that holds a path.
package struct DiskSpace: Hashable, Sendable {
    /// Bytes in use.
    package let usedBytes: Int64
    /// Bytes that an ordinary user can still write.
    package let availableBytes: Int64

    /// Asks the system.
    package init(at path: String) throws(FileError) {
        var found = statvfs()
        while statvfs(path, &found) != 0 {
            guard errno == EINTR else { throw FileError(.size, path, errno: errno) }
        }
        let unit = UInt64(found.f_frsize)
        let used = UInt64(found.f_blocks) &- UInt64(found.f_bfree)
        usedBytes = Int64(clamping: used.multipliedReportingOverflow(by: unit).partialValue)
        availableBytes = Int64(
            clamping: UInt64(found.f_bavail).multipliedReportingOverflow(by: unit).partialValue)
    }

    /// Used by all that an ordinary user could use, as `df` counts: 0 to 1.
    package var usedRatio: Double {
        let whole = Double(usedBytes) + Double(availableBytes)
        return whole > 0 ? Double(usedBytes) / whole : 0
    }
}
