import Crypto
package import Files

/// Reads a journal line by line, in order, verifying what it reads.
///
/// A reader keeps its place: after a nil it can be asked again for lines that were appended since. It reads
/// with its own buffer rather than a memory map, because a map of a file that shrinks kills the process.
package struct JournalReader: ~Copyable {
    /// The longest line that can exist: a batch is never larger.
    package static let lineBytesMax = JournalWriter.batchBytesMax

    let directory: SegmentDirectory
    private let origin: String
    private let verifyingChain: Bool
    private var hash = SHA256()
    private var window: ReadWindow
    private var segment: SegmentName?
    private var file: OpenFile?
    private var lineCount: Int
    private var position: Int64
    private var chain: Digest
    // The end of the segment before, until a line of the current one was returned.
    private var lastEnd: JournalMark

    /// Starts after `mark`, or before the first line.
    ///
    /// `directory` holds the segments; a missing or empty one is an empty journal. A mark is trusted once the
    ///   line before
    /// it carries its chain; otherwise this throws ``JournalError/damaged(_:)``. With `verifyingChain` every
    /// line is hashed; positions and framing are checked in any case.
    package init(
        directory: String, origin: String, files: some FileSystem = POSIXFileSystem(),
        from mark: JournalMark? = nil, verifyingChain: Bool = true
    ) throws(JournalError) {
        let mark = mark ?? .start(origin: origin)
        self.directory = SegmentDirectory(path: directory, files: files)
        self.origin = origin
        self.verifyingChain = verifyingChain
        window = ReadWindow(fileOffset: mark.byteOffset)
        segment = mark.segment
        lineCount = mark.lineCount
        position = mark.position
        chain = mark.chain.digest
        lastEnd = mark
        guard let segment = mark.segment else { return }
        file = try self.directory.openMarked(mark, segment)
    }

    deinit {
        if let file { directory.files.close(file) }
    }

    /// The place after the last line that was returned.
    package var mark: JournalMark {
        guard window.nextFileOffset > 0 else { return lastEnd }
        return JournalMark(
            segment: segment, byteOffset: window.nextFileOffset, lineCount: lineCount, position: position,
            chain: ChainHash(chain))
    }

    /// Bytes after the last whole line of the last segment, once ``next(upTo:)`` has returned nil.
    package var remainder: UnsafeRawBufferPointer { window.unread }

    /// Where the remainder begins.
    var remainderStart: (segment: SegmentName, byteOffset: Int)? {
        segment.map { ($0, window.nextFileOffset) }
    }

    /// The next line; nil when there is none yet.
    ///
    /// `limit` is the high-water mark: nothing after it is read, not even into the buffer. A reader beside a
    ///   live writer
    /// must pass it; without it the reader goes on to the end of the files. Throws
    /// ``JournalError/damaged(_:)`` with the file and line, ``JournalError/foreignOrigin(origin:path:)`` or
    /// ``JournalError/io(_:)``; asked again, the same.
    package mutating func next(upTo limit: JournalMark? = nil) throws(JournalError) -> JournalLine? {
        if let limit, position >= limit.position { return nil }
        while true {
            if let count = window.distanceToNewline() { return try take(count) }
            if try fill(limit) { continue }
            if try advance(limit) { continue }
            guard let limit else { return nil }
            // The mark says that lines follow; the files say no.
            throw damage(.missing, limit.segment)
        }
    }

    private mutating func take(_ count: Int) throws(JournalError) -> JournalLine {
        guard let segment else { throw .failed }
        let line = UnsafeRawBufferPointer(rebasing: window.unread[..<count])
        guard let frame = LineFormat.frame(line) else { throw damage(.malformed) }
        guard frame.position == position + 1 else {
            throw damage(.wrongPosition(expected: position + 1, found: frame.position))
        }
        if verifyingChain, !isRight(frame, line) {
            guard position > 0 else {
                throw .foreignOrigin(origin: origin, path: directory.path(of: segment))
            }
            throw damage(.wrongChain)
        }
        let byteOffset = window.nextFileOffset
        window.consume(count + 1)
        position += 1
        lineCount += 1
        chain = frame.chain
        return JournalLine(
            position: position, bytes: line, chain: ChainHash(chain), segment: segment, line: lineCount,
            byteOffset: byteOffset)
    }

    private mutating func isRight(_ frame: LineFormat.Frame, _ line: UnsafeRawBufferPointer) -> Bool {
        let body = UnsafeRawBufferPointer(rebasing: line[..<frame.bodyBytes])
        return LineFormat.chain(&hash, after: chain, body) == frame.chain
    }

    /// Reads on in the current segment; false at its end, or at the limit.
    private mutating func fill(_ limit: JournalMark?) throws(JournalError) -> Bool {
        guard let file else { return false }
        let end = limit.flatMap { $0.segment == segment ? $0.byteOffset : nil } ?? Int.max
        switch try window.fill(from: file, upTo: end, directory.files) {
        case .filled: return true
        case .atEnd: return false
        case .full: throw damage(.lineTooLong)
        }
    }

    /// Goes to the next segment; false when there is none, or when it lies behind the limit.
    private mutating func advance(_ limit: JournalMark?) throws(JournalError) -> Bool {
        if let limit, limit.segment == segment { return false }
        guard let next = try directory.segment(after: segment) else { return false }
        if let limit, let last = limit.segment, next > last { return false }
        if let file {
            // A writer may have ended this segment after the last look at it and before the listing.
            if try fill(limit) { return true }
            guard window.unread.isEmpty else { throw damage(.unterminated) }
            guard window.nextFileOffset > 0 else { throw damage(.emptySegment) }
            lastEnd = mark
            directory.files.close(file)
            self.file = nil
        }
        let path = directory.path(of: next)
        let files = directory.files
        file = try io(try files.open(path, for: .reading))
        segment = next
        lineCount = 0
        window.restart()
        return true
    }

    /// The damage at the line that comes next.
    func damage(_ kind: JournalError.Damage.Kind, _ other: SegmentName? = nil) -> JournalError {
        guard let segment = segment ?? other else {
            return .damaged(JournalError.Damage(path: directory.path, line: 1, byte: 0, kind: kind))
        }
        return directory.damage(kind, segment, line: lineCount + 1, byte: window.nextFileOffset)
    }
}

extension JournalReader {
    /// How many bytes of the remainder are a whole, right line; nil when its beginning is none.
    ///
    /// Such a line was written whole. Followed by nothing, its newline is missing and it was never
    /// acknowledged; followed by anything, its newline was changed, and it may have been.
    mutating func wholeLineInRemainder() -> Int? {
        let rest = remainder
        var end = LineFormat.suffixBytes
        while end < rest.count {
            end += 1
            guard rest[end - 1] == UInt8(ascii: "}") else { continue }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
            guard let frame = LineFormat.frame(line), frame.position == position + 1 else { continue }
            if isRight(frame, line) { return end }
        }
        return nil
    }
}
