import Crypto
package import Files
package import LedgerCore

/// What an acknowledged line survives.
package enum Durability: String, Hashable, Sendable, CaseIterable {
    /// A power cut: every batch is synced.
    case fsync
    /// A crash of this process only: the system writes when it likes.
    case os
}

/// Appends batches of lines to the journal: chains them, writes once, syncs once.
///
/// It has no thread and no lock: one caller on one thread. After any error it is done for, because nobody
/// knows what reached the disk; close it and open anew with ``durableMark`` as `cutTo`.
package final class JournalWriter {
    /// The largest batch, with chains: it bounds what one failure can leave behind.
    package static let batchBytesMax = 16 << 20
    /// When a segment is full, unless told otherwise.
    package static let segmentBytesMaxDefault = 1 << 30

    /// The place after the last durable line; readers never pass it.
    package private(set) var durableMark: JournalMark

    private let directory: SegmentDirectory
    private let segmentBytesMax: Int
    private let durability: Durability
    private var lock: OpenFile?
    private var segment: Segment?
    private var lastSegment: SegmentName?
    private var hash = SHA256()
    private var batch: BatchBuffer
    private var isFailed = false

    private struct Segment {
        let name: SegmentName
        let file: OpenFile
        var bytes: Int
        var lines: Int
    }

    /// Takes the lock, recovers the files and gets ready to append.
    ///
    /// The directory is created when missing. Checking starts at `from`, a mark that was durable, or at the
    /// first line.
    /// `cutTo` is the durable mark of a writer that failed in this process: what lies beyond it is set aside,
    ///   the lines
    /// before it are checked only if `from` is given, and appending goes on in a new segment. `pid` is
    /// written into the lock for people. Throws any ``JournalError`` but those of an append, and then the
    /// lock is free again.
    package static func open(
        directory path: String, origin: String, files: some FileSystem = POSIXFileSystem(),
        segmentBytesMax: Int = segmentBytesMaxDefault, durability: Durability = .fsync,
        from: JournalMark? = nil, cutTo: JournalMark? = nil, pid: Int = CurrentProcess.id
    ) throws(JournalError) -> (JournalWriter, Recovery) {
        try io(try files.makeDirectories(path))
        let lock = try JournalLock.take(path, pid: pid, files)
        let directory = SegmentDirectory(path: path, files: files)
        let (mark, recovery): (JournalMark, Recovery)
        do throws(JournalError) {
            var work = JournalRecovery(
                directory: directory, origin: origin, isDurable: durability == .fsync)
            (mark, recovery) = try work.run(from: from, cutTo: cutTo)
        } catch {
            files.close(lock)
            throw error
        }
        // From here on the lock is the writer's, which gives it back when it goes.
        let writer = JournalWriter(
            directory, lock: lock, mark: mark, segmentBytesMax: segmentBytesMax, durability)
        if cutTo == nil { try writer.resumeSegment() }
        return (writer, recovery)
    }

    private init(
        _ directory: SegmentDirectory, lock: OpenFile, mark: JournalMark, segmentBytesMax: Int,
        _ durability: Durability
    ) {
        self.directory = directory
        self.lock = lock
        self.segmentBytesMax = segmentBytesMax
        self.durability = durability
        durableMark = mark
        lastSegment = mark.segment
        batch = BatchBuffer()
    }

    deinit { close() }

    /// The last durable position; 0 when the journal is empty.
    package var lastPosition: Int64 { durableMark.position }

    /// The last durable line's chain.
    package var lastChain: ChainHash { durableMark.chain }

    /// Appends bodies, each `{"position":N,…` without its chain and closing brace, and makes them durable.
    ///
    /// - Parameters:
    ///   - lines: all bodies, back to back.
    ///   - ends: the end of each body in `lines`.
    ///   - day: the UTC day of this append. When the clock went back, the current segment's day goes on.
    /// - Throws: a ``JournalError``; nothing of the batch is acknowledged, and every later append throws
    ///   ``JournalError/failed``.
    package func append(_ lines: [UInt8], ends: [Int], day: Day) throws(JournalError) {
        guard !isFailed else { throw .failed }
        guard !ends.isEmpty else { return }
        // Until the batch is durable, the writer counts as failed: no way out of here can forget to say so.
        isFailed = true
        let chain = try seal(lines, ends)
        var segment = try segment(for: batch.count, on: day)
        let files = directory.files
        let file = segment.file
        try io(try files.appendAll(batch.bytes, to: file))
        if durability == .fsync { try io(try files.sync(file)) }
        try confirmNamed(segment)
        segment.bytes += batch.count
        segment.lines += ends.count
        self.segment = segment
        durableMark = JournalMark(
            segment: segment.name, byteOffset: segment.bytes, lineCount: segment.lines,
            position: lastPosition + Int64(ends.count), chain: ChainHash(chain))
        isFailed = false
    }

    /// What was written must be found again: a descriptor outlives its file's name, and a lock its own.
    private func confirmNamed(_ segment: Segment) throws(JournalError) {
        let files = directory.files
        let isFound = try io(try files.isNamed(segment.file))
        guard isFound, let lock, try io(try files.isNamed(lock)) else {
            throw directory.damage(.missing, segment.name, line: segment.lines + 1, byte: segment.bytes)
        }
    }

    /// Ends writing and gives the lock back; every later append throws ``JournalError/failed``.
    package func close() {
        isFailed = true
        if let segment { directory.files.close(segment.file) }
        segment = nil
        if let lock { directory.files.close(lock) }
        lock = nil
    }

    /// Fills `batch` with whole lines; returns the last one's chain.
    private func seal(_ lines: [UInt8], _ ends: [Int]) throws(JournalError) -> Digest {
        let size = lines.count + ends.count * (LineFormat.suffixBytes + 1)
        guard size <= Self.batchBytesMax else { throw .batchTooLarge(bytes: size) }
        batch.reset(bytes: size)
        let sealed: Result<Digest, JournalError> = lines.withUnsafeBytes { raw in
            do throws(JournalError) { return .success(try seal(raw, ends)) } catch { return .failure(error) }
        }
        return try sealed.get()
    }

    private func seal(_ lines: UnsafeRawBufferPointer, _ ends: [Int]) throws(JournalError) -> Digest {
        var start = 0
        var position = lastPosition
        var chain = lastChain.digest
        for end in ends {
            position += 1
            guard start < end, end <= lines.count else { throw .malformedLine(position: position) }
            let body = UnsafeRawBufferPointer(rebasing: lines[start..<end])
            guard LineFormat.position(body) == position else { throw .positionGap(expected: position) }
            guard Bytes.firstIndex(of: LineFormat.newline, in: body) == nil else {
                throw .malformedLine(position: position)
            }
            chain = LineFormat.chain(&hash, after: chain, body)
            batch.add(body, chain)
            start = end
        }
        guard start == lines.count else { throw .malformedLine(position: position) }
        return chain
    }

    /// The segment for a batch: the current one, or a new one when the day or the size says so.
    private func segment(for bytes: Int, on day: Day) throws(JournalError) -> Segment {
        if let segment {
            let isFull = segment.bytes > 0 && segment.bytes + bytes > segmentBytesMax
            if day <= segment.name.day, !isFull { return segment }
            directory.files.close(segment.file)
            self.segment = nil
        }
        let name = lastSegment?.next(on: day) ?? SegmentName(day: day, number: 0)
        let files = directory.files
        let path = directory.path(of: name)
        let file = try io(try files.open(path, for: .creating(permissions: 0o640)))
        let segment = Segment(name: name, file: file, bytes: 0, lines: 0)
        self.segment = segment
        lastSegment = name
        // A file is durable only once its directory is.
        let directory = directory.path
        try io(try files.syncDirectory(directory))
        return segment
    }

    private func resumeSegment() throws(JournalError) {
        guard let name = durableMark.segment else { return }
        let files = directory.files
        let path = directory.path(of: name)
        let file = try io(try files.open(path, for: .appending))
        segment = Segment(
            name: name, file: file, bytes: durableMark.byteOffset, lines: durableMark.lineCount)
    }
}
