import Files

/// Brings the files of a journal to a state that can be appended to, or refuses.
///
/// Only bytes that were never acknowledged are taken out, and they are kept beside the segment. Everything
/// else that is wrong is an error with its file and line, and nothing is changed.
struct JournalRecovery {
    let directory: SegmentDirectory
    let origin: String
    let isDurable: Bool
    private(set) var setAside: [Recovery.SetAside] = []

    private var files: any FileSystem { directory.files }

    init(directory: SegmentDirectory, origin: String, isDurable: Bool) {
        self.directory = directory
        self.origin = origin
        self.isDurable = isDurable
    }

    /// The end of the journal and what was found on the way.
    mutating func run(from: JournalMark?, cutTo: JournalMark?) throws(JournalError) -> (JournalMark, Recovery)
    {
        if let cutTo { try cut(to: cutTo) }
        var reader = try JournalReader(
            directory: directory.path, origin: origin, files: files, from: from ?? cutTo)
        let first = reader.mark.position
        while try reader.next() != nil {}
        if !reader.remainder.isEmpty { try takeTornTail(&reader) }
        let mark = reader.mark
        try removeEmptyTail()
        if let segment = mark.segment { try rewriteTail(segment, bytes: mark.byteOffset) }
        try io(try files.syncDirectory(directory.path))
        let recovery = Recovery(
            position: mark.position, chain: mark.chain, eventsChecked: Int(mark.position - first),
            segments: try directory.segments().count, setAside: setAside)
        return (mark, recovery)
    }

    /// Takes out everything after the durable mark of a writer that failed.
    private mutating func cut(to mark: JournalMark) throws(JournalError) {
        // Before anything is moved: the mark must be one of this journal.
        if let segment = mark.segment { files.close(try directory.openMarked(mark, segment)) }
        for segment in try directory.segments().reversed() {
            if let last = mark.segment, segment <= last { break }
            let path = directory.path(of: segment)
            let bytes = try io(try files.size(at: path))
            guard bytes > 0 else { continue }
            let kept = try directory.freeTornPath(for: segment)
            try io(try files.rename(path, to: kept))
            setAside.append(.init(segment: segment, byteOffset: 0, bytes: bytes, keptAsPath: kept))
        }
        try removeEmptyTail()
        try io(try files.syncDirectory(directory.path))
        if let segment = mark.segment { try takeOut(segment, from: mark.byteOffset) }
    }

    /// Takes out the end of the last segment when it was never acknowledged.
    private mutating func takeTornTail(_ reader: inout JournalReader) throws(JournalError) {
        guard let (segment, byteOffset) = reader.remainderStart else { return }
        if let whole = reader.wholeLineInRemainder(), whole < reader.remainder.count {
            throw reader.damage(.newlineLost)
        }
        try takeOut(segment, from: byteOffset)
    }

    /// Copies the bytes of `segment` from `byteOffset` on beside it, then cuts them off; each step durable.
    private mutating func takeOut(_ segment: SegmentName, from byteOffset: Int) throws(JournalError) {
        let file = try io(try files.open(directory.path(of: segment), for: .repair))
        defer { files.close(file) }
        let size = try io(try files.size(of: file))
        guard size > byteOffset else { return }
        let kept = try directory.freeTornPath(for: segment)
        do throws(JournalError) {
            try copy(file, byteOffset..<size, to: kept)
            try io(try files.truncate(file, to: byteOffset))
        } catch {
            // Nothing was cut: without this, each retry on a bad disk would leave one more copy.
            try? files.remove(kept)
            throw error
        }
        try io(try files.sync(file))
        setAside.append(
            .init(segment: segment, byteOffset: byteOffset, bytes: size - byteOffset, keptAsPath: kept))
    }

    /// Copies a range of `file` to a new file; durable when it returns.
    private func copy(_ file: OpenFile, _ range: Range<Int>, to path: String) throws(JournalError) {
        let copy = try io(try files.open(path, for: .creating(permissions: 0o640)))
        defer { files.close(copy) }
        try eachChunk(of: file, from: range.lowerBound, to: range.upperBound) { chunk, _ throws(FileError) in
            try files.appendAll(chunk, to: copy)
        }
        try io(try files.sync(copy))
        try io(try files.syncDirectory(directory.path))
    }

    /// Removes empty segments at the end: made by a writer that stopped before its first line.
    ///
    /// Left there, such a file would later stand in the middle, where an empty file is damage.
    private func removeEmptyTail() throws(JournalError) {
        for segment in try directory.segments().reversed() {
            let path = directory.path(of: segment)
            guard try io(try files.size(at: path)) == 0 else { return }
            try io(try files.remove(path))
        }
    }

    /// Writes the end of the last segment over itself and syncs it.
    ///
    /// After a failed sync the system may hold pages that it takes for clean although they never reached the
    /// disk: a fresh sync would skip them. Written again they are dirty, and this descriptor's sync is the
    /// first to judge them. At most one batch can be in that state, because a writer stops at its first
    /// failure.
    private func rewriteTail(_ segment: SegmentName, bytes: Int) throws(JournalError) {
        guard isDurable else { return }
        let file = try io(try files.open(directory.path(of: segment), for: .repair))
        defer { files.close(file) }
        let pageBytes = 4096
        let start = max(0, bytes - JournalWriter.batchBytesMax) / pageBytes * pageBytes
        try eachChunk(of: file, from: start, to: bytes) { chunk, offset throws(FileError) in
            var done = 0
            while done < chunk.count {
                let rest = UnsafeRawBufferPointer(rebasing: chunk[done...])
                done += try files.overwrite(rest, of: file, at: offset + done)
            }
        }
        try io(try files.sync(file))
    }

    private func eachChunk(
        of file: OpenFile, from start: Int, to end: Int,
        _ body: (UnsafeRawBufferPointer, Int) throws(FileError) -> Void
    ) throws(JournalError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = start
        while offset < end {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - offset)])
            let count = try io(try files.read(file, at: offset, into: room))
            // The file became shorter under our lock: someone else cuts it.
            guard count > 0 else { throw .io(FileError(.read, file.path, errno: 5)) }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            try io(try body(chunk, offset))
            offset += count
        }
    }
}
