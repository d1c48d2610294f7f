import Files

/// A buffer over one file: the bytes read and not yet consumed.
struct ReadWindow: ~Copyable {
    private static let initialBytes = 1 << 20

    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    // Bytes before this index hold no newline.
    private var scanned = 0
    // The offset in the file of the buffer's first byte.
    private var bufferFileOffset: Int

    enum Outcome {
        case filled, atEnd, full
    }

    init(fileOffset: Int) {
        buffer = .allocate(byteCount: Self.initialBytes, alignment: 64)
        bufferFileOffset = fileOffset
    }

    deinit { buffer.deallocate() }

    /// The bytes read and not yet consumed; valid until the next change.
    var unread: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[start..<end]) }

    /// The file offset of the first unread byte.
    var nextFileOffset: Int { bufferFileOffset + start }

    /// Bytes before the next newline, if it was read already.
    mutating func distanceToNewline() -> Int? {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[scanned..<end])
        guard let index = Bytes.firstIndex(of: LineFormat.newline, in: rest) else {
            scanned = end
            return nil
        }
        scanned += index
        return scanned - start
    }

    /// Drops the first unread bytes.
    mutating func consume(_ count: Int) {
        start += count
        scanned = start
    }

    /// Empties the window for another file.
    mutating func restart() {
        start = 0
        end = 0
        scanned = 0
        bufferFileOffset = 0
    }

    /// Reads more of `file`, never past the file offset `limit`.
    mutating func fill(
        from file: OpenFile, upTo limit: Int, _ files: some FileSystem
    ) throws(JournalError) -> Outcome {
        makeRoom()
        guard end < buffer.count else { return .full }
        let fileOffset = bufferFileOffset + end
        let count = min(buffer.count - end, limit - fileOffset)
        guard count > 0 else { return .atEnd }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end..<end + count])
        let got = try io(try files.read(file, at: fileOffset, into: room))
        end += got
        return got > 0 ? .filled : .atEnd
    }

    /// Moves the unread bytes to the front; grows when they fill the buffer.
    private mutating func makeRoom() {
        if start > 0 {
            let count = end - start
            UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            bufferFileOffset += start
            scanned -= start
            end = count
            start = 0
        }
        // One byte more than the longest line: its newline.
        guard end == buffer.count, end <= JournalReader.lineBytesMax else { return }
        let size = min(2 * buffer.count, JournalReader.lineBytesMax + 1)
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }
}
