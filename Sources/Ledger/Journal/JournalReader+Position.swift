package import Files

/// Readers that start at a position, for which nobody kept a mark.
extension JournalReader {
    /// A reader after `position`: finds its segment by the first lines, then reads that segment from its
    /// beginning.
    ///
    /// `limit` is the high-water mark, where a writer is live. Throws as ``next(upTo:)`` does.
    package static func starting(
        after position: Int64, directory path: String, origin: String,
        files: some FileSystem = POSIXFileSystem(), upTo limit: JournalMark? = nil,
        verifyingChain: Bool = true
    ) throws(JournalError) -> JournalReader {
        let directory = SegmentDirectory(path: path, files: files)
        let mark = try directory.lastEnd(before: position + 1, upTo: limit)
        var reader = try JournalReader(
            directory: path, origin: origin, files: files, from: mark, verifyingChain: verifyingChain)
        while reader.mark.position < position, try reader.next(upTo: limit) != nil {}
        return reader
    }
}

extension SegmentDirectory {
    /// The end of the segment before the one that holds `position`; nil when that is the first.
    fileprivate func lastEnd(
        before position: Int64, upTo limit: JournalMark?
    ) throws(JournalError) -> JournalMark? {
        let names = try segments().filter { name in limit?.segment.map { name <= $0 } ?? true }
        for (previous, name) in zip(names, names.dropFirst()).reversed() {
            guard let first = try firstPosition(of: name), first <= position else { continue }
            return try end(of: previous, position: first - 1)
        }
        return nil
    }

    private func firstPosition(of segment: SegmentName) throws(JournalError) -> Int64? {
        let file = try io(try files.open(path(of: segment), for: .reading))
        defer { files.close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)
        defer { buffer.deallocate() }
        let count = try io(try files.read(file, at: 0, into: buffer))
        return LineFormat.position(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private func end(of segment: SegmentName, position: Int64) throws(JournalError) -> JournalMark {
        let file = try io(try files.open(path(of: segment), for: .reading))
        defer { files.close(file) }
        let size = try io(try files.size(of: file))
        guard let chain = try chainOfLine(endingAt: size, file) else {
            throw damage(.unterminated, segment, line: 1, byte: size)
        }
        return JournalMark(
            segment: segment, byteOffset: size, lineCount: 0, position: position, chain: ChainHash(chain))
    }
}
