import Crypto
package import Files
package import LedgerCore

/// Writes the lines of a known journal anew, byte for byte, into the segments that its writer made.
///
/// The writer begins a segment with each UTC day, and another when a batch would not fit: the lines of one
/// batch carry one time, so the same rule gives the same files. Only where the writer had to begin a segment
/// after a failed disk does it stand elsewhere; the lines are the same.
package struct SegmentBuilder: ~Copyable {
    /// The last position that was added.
    package private(set) var position: Int64 = 0
    /// The chain there.
    package var chain: ChainHash { ChainHash(digest) }

    private let stage: StagedJournal
    private let files: any FileSystem
    private let segmentBytesMax: Int
    private var digest: Digest
    private var hash = SHA256()
    private var segment: Segment?
    // The lines of one time, whole, with their newlines.
    private var batch: [UInt8] = []
    private var batchTime = Timestamp(microseconds: 0)

    private struct Segment {
        let name: SegmentName
        let file: OpenFile
        var bytes = 0
        var pending: [UInt8] = []
    }

    private static let writeBytesMax = 1 << 20

    /// Begins with the first line of `origin`'s journal.
    package init(
        _ stage: StagedJournal, origin: String, files: some FileSystem = POSIXFileSystem(),
        segmentBytesMax: Int = JournalWriter.segmentBytesMaxDefault
    ) {
        self.stage = stage
        self.files = files
        self.segmentBytesMax = segmentBytesMax
        digest = ChainHash.genesis(origin: origin).digest
    }

    deinit {
        if let segment { files.close(segment.file) }
    }

    /// Adds the next line, without its newline, recorded at `time`.
    ///
    /// - Returns: false when it does not go on from the line before; nothing is added then.
    /// - Throws: ``JournalError/io(_:)``.
    package mutating func add(_ line: [UInt8], at time: Timestamp) throws(JournalError) -> Bool {
        guard let chain = chain(of: line) else { return false }
        if time != batchTime || batch.count + line.count + 1 > JournalWriter.batchBytesMax { try endBatch() }
        batchTime = time
        batch.append(contentsOf: line)
        batch.append(LineFormat.newline)
        digest = chain
        position += 1
        return true
    }

    /// Writes and syncs what is left.
    package mutating func finish() throws(JournalError) {
        try endBatch()
        try endSegment()
    }

    /// The chain of the line, if it is the next one.
    private mutating func chain(of line: [UInt8]) -> Digest? {
        line.withUnsafeBytes { bytes in
            guard let frame = LineFormat.frame(bytes), frame.position == position + 1,
                Bytes.firstIndex(of: LineFormat.newline, in: bytes) == nil
            else { return nil }
            let body = UnsafeRawBufferPointer(rebasing: bytes[..<frame.bodyBytes])
            return LineFormat.chain(&hash, after: digest, body) == frame.chain ? frame.chain : nil
        }
    }

    private mutating func endBatch() throws(JournalError) {
        guard !batch.isEmpty else { return }
        try beginSegment(for: batch.count, on: batchTime.day)
        segment?.pending.append(contentsOf: batch)
        segment?.bytes += batch.count
        batch.removeAll(keepingCapacity: true)
        if segment.map({ $0.pending.count >= Self.writeBytesMax }) ?? false { try write() }
    }

    private mutating func beginSegment(for bytes: Int, on day: Day) throws(JournalError) {
        if let segment, day <= segment.name.day, segment.bytes + bytes <= segmentBytesMax { return }
        let name = segment?.name.next(on: day) ?? SegmentName(day: day, number: 0)
        try endSegment()
        segment = Segment(name: name, file: try stage.create(name))
    }

    private mutating func endSegment() throws(JournalError) {
        try write()
        guard let segment else { return }
        self.segment = nil
        defer { files.close(segment.file) }
        try io(try files.sync(segment.file))
    }

    private mutating func write() throws(JournalError) {
        guard let segment, !segment.pending.isEmpty else { return }
        try io(try files.appendAll(segment.pending, to: segment.file))
        self.segment?.pending.removeAll(keepingCapacity: true)
    }
}
