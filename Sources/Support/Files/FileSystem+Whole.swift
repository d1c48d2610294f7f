import Glibc

/// Whole files and directory trees, made of the primitive operations.
extension FileSystem {
    /// Reads a whole file of at most `bytesMax`.
    ///
    /// - Throws: a ``FileError`` with `EFBIG` when the file is larger.
    package func readWhole(_ path: String, bytesMax: Int) throws(FileError) -> [UInt8] {
        try readWhole(path, for: .reading, bytesMax: bytesMax)
    }

    /// Reads a whole file of at most `bytesMax` that an operator names: a setting, a secret, a price book.
    ///
    /// Links are followed, for that is how such files are often put in place; the ledger's own never are.
    ///
    /// - Throws: a ``FileError`` with `EFBIG` when the file is larger.
    package func readNamed(_ path: String, bytesMax: Int) throws(FileError) -> [UInt8] {
        try readWhole(path, for: .readingLinked, bytesMax: bytesMax)
    }

    private func readWhole(
        _ path: String, for purpose: OpenPurpose, bytesMax: Int
    ) throws(FileError) -> [UInt8] {
        let file = try open(path, for: purpose)
        defer { close(file) }
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(bytesMax + 1, 64 * 1024), alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = try read(file, at: bytes.count, into: chunk)
            guard count > 0 else { return bytes }
            guard bytes.count + count <= bytesMax else { throw .tooLarge(path, bytesMax: bytesMax) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Puts `bytes` at `path` so that after any crash the old or the new content stands there, whole.
    ///
    /// A temporary file beside it is written, synced and renamed; then the directory is synced, because a
    /// rename is durable only once its directory is.
    package func writeWhole(
        _ bytes: [UInt8], to path: String, permissions: UInt32 = 0o640
    ) throws(FileError) {
        let temporary = "\(path).tmp-\(getpid())"
        // A leftover of a crashed process that had this id.
        do { try remove(temporary) } catch { guard error.isMissing else { throw error } }
        let file = try open(temporary, for: .creating(permissions: permissions))
        do throws(FileError) {
            defer { close(file) }
            try appendAll(bytes, to: file)
            try sync(file)
        } catch {
            try? remove(temporary)
            throw error
        }
        try rename(temporary, to: path)
        try syncDirectory(parent(of: path))
    }

    /// Writes all of `bytes` at the end of `file`, in as many calls as it takes.
    package func appendAll(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try append(UnsafeRawBufferPointer(rebasing: rest), to: file)
            guard count > 0 else { throw FileError(.write, file.path, errno: EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all of `bytes` at the end of `file`, in as many calls as it takes.
    package func appendAll(_ bytes: [UInt8], to file: OpenFile) throws(FileError) {
        let outcome: Result<Void, FileError> = bytes.withUnsafeBytes { raw in
            do throws(FileError) { return .success(try appendAll(raw, to: file)) } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    /// Creates a directory and those above it, each durable in its parent.
    package func makeDirectories(_ path: String) throws(FileError) {
        let created: Bool
        do {
            created = try makeDirectory(path)
        } catch {
            let above = parent(of: path)
            guard error.isMissing, above != path else { throw error }
            try makeDirectories(above)
            created = try makeDirectory(path)
        }
        if created { try syncDirectory(parent(of: path)) }
    }

    /// The length of the file at `path`, in bytes.
    package func size(at path: String) throws(FileError) -> Int {
        let file = try open(path, for: .reading)
        defer { close(file) }
        return try size(of: file)
    }

    /// The directory that holds `path`.
    package func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}

/// Who may read a secret's file.
package enum FilePermissions {
    /// Whether anyone beyond the owner and the group may read or write the file.
    package static func isOpenToOthers(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .last(.size, path) }
        return status.st_mode & 0o006 != 0
    }
}
