import Files
package import LedgerCore
import LedgerJournal

/// Reads the lines of one UTC day from its own segments, a bounded piece at a time.
///
/// Names of files are made from the day, never taken from a caller. It reads the disk: not on a loop's
/// thread. It does not check the chain; that is what `dledger verify` is for.
package struct DayReader: Sendable {
    private static let chunkBytes = 256 * 1024
    private let ledger: Ledger

    /// Creates a reader of what `ledger` has on disk.
    package init(_ ledger: Ledger) { self.ledger = ledger }

    /// The next lines of `day` that `isWanted` says yes to: at most `linesMax`, from at most `scanBytesMax`
    /// read.
    ///
    /// A page may have fewer lines than exist, even none, and still say where to go on. Nothing is read that
    /// was not durable at the call.
    ///
    /// - Throws: ``DayReadError/noSuchPlace`` for a `start` at which no line begins;
    ///   ``DayReadError/unreadable(_:)`` for a segment that is no regular file, or damaged.
    package func page(
        of day: Day, from start: JournalPlace? = nil, linesMax: Int, scanBytesMax: Int,
        where isWanted: (UnsafeRawBufferPointer) -> Bool
    ) throws(DayReadError) -> JournalPage {
        let mark = ledger.read { $0.mark }
        let segments = try segments(of: day, upTo: mark.segment)
        let first = start?.segmentNumber ?? 0
        if let start {
            guard start.day == day, segments.contains(where: { $0.number == first }) else {
                throw .noSuchPlace
            }
        }
        var scan = DayScan(linesMax: linesMax, bytesLeft: scanBytesMax)
        for segment in segments where segment.number >= first {
            let end = segment == mark.segment ? mark.byteOffset : nil
            let from = segment.number == start?.segmentNumber ? start?.byteOffset ?? 0 : 0
            let isLast = segment == segments.last
            do throws(FileError) {
                try read(segment, from: from, to: end, isLast: isLast, into: &scan, isWanted)
            } catch { throw .unreadable("\(error)") }
            if let failure = scan.failure { throw failure }
            if scan.page.next != nil || scan.isFull { break }
        }
        return scan.page
    }

    private func segments(of day: Day, upTo last: SegmentName?) throws(DayReadError) -> [SegmentName] {
        guard let last, day <= last.day else { return [] }
        do throws(FileError) {
            return try ledger.configuration.files.list(ledger.configuration.logsDirectory)
                .compactMap { SegmentName($0) }.filter { $0.day == day && $0 <= last }.sorted()
        } catch { throw .unreadable("\(error)") }
    }

    /// Reads one segment; `end` is its durable end, where its length is not.
    private func read(
        _ segment: SegmentName, from start: Int, to end: Int?, isLast: Bool, into scan: inout DayScan,
        _ isWanted: (UnsafeRawBufferPointer) -> Bool
    ) throws(FileError) {
        let files = ledger.configuration.files
        let path = "\(ledger.configuration.logsDirectory)/\(segment)"
        let file = try files.open(path, for: .readingRegular)
        defer { files.close(file) }
        let size = try files.size(of: file)
        let end = end ?? size
        guard size >= end else { return scan.failure = .unreadable("\(path) is shorter than it was") }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
        defer { chunk.deallocate() }
        guard try isLineStart(start, end, file, chunk) else { return scan.failure = .noSuchPlace }
        scan.begin(at: JournalPlace(day: segment.day, segmentNumber: segment.number, byteOffset: start))
        var offset = start
        while offset < end {
            let count = min(chunk.count, end - offset, scan.bytesLeft)
            guard count > 0 else { return scan.stop() }
            let room = UnsafeMutableRawBufferPointer(rebasing: chunk[..<count])
            let got = try files.read(file, at: offset, into: room)
            guard got > 0 else { return scan.failure = .unreadable("\(path) became shorter") }
            offset += got
            scan.take(UnsafeRawBufferPointer(rebasing: chunk[..<got]), isWanted)
            guard scan.isFull else { continue }
            return scan.stop(atEnd: isLast ? end : nil)
        }
        if !scan.isBetweenLines { scan.failure = .unreadable("\(path) ends inside a line") }
    }

    private func isLineStart(
        _ offset: Int, _ end: Int, _ file: OpenFile, _ room: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Bool {
        guard offset > 0 else { return true }
        guard offset <= end else { return false }
        let byte = UnsafeMutableRawBufferPointer(rebasing: room[..<1])
        let got = try ledger.configuration.files.read(file, at: offset - 1, into: byte)
        return got == 1 && byte[0] == UInt8(ascii: "\n")
    }
}

/// Where a reading of one day is.
private struct DayScan {
    var page = JournalPage()
    var failure: DayReadError?
    let linesMax: Int
    private(set) var bytesLeft: Int
    private var hasMoved = false
    /// The start of the line that `unfinished` holds the beginning of.
    private var place: JournalPlace?
    private var unfinished: [UInt8] = []

    init(linesMax: Int, bytesLeft: Int) {
        self.linesMax = linesMax
        self.bytesLeft = bytesLeft
    }

    var isFull: Bool { page.lines.count >= linesMax }
    var isBetweenLines: Bool { unfinished.isEmpty }

    mutating func begin(at place: JournalPlace) { self.place = place }

    /// Takes the bytes that follow, line by line, until the page is full.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ isWanted: (UnsafeRawBufferPointer) -> Bool) {
        bytesLeft -= bytes.count
        var rest = bytes
        while !isFull, let newline = Bytes.firstIndex(of: UInt8(ascii: "\n"), in: rest) {
            let end = UnsafeRawBufferPointer(rebasing: rest[..<newline])
            rest = UnsafeRawBufferPointer(rebasing: rest[(newline + 1)...])
            if unfinished.isEmpty {
                line(end, isWanted)
            } else {
                unfinished.append(contentsOf: end)
                let whole = unfinished
                unfinished = []
                whole.withUnsafeBytes { line($0, isWanted) }
            }
        }
        if !isFull { unfinished.append(contentsOf: rest) }
    }

    private mutating func line(
        _ line: UnsafeRawBufferPointer, _ isWanted: (UnsafeRawBufferPointer) -> Bool
    ) {
        hasMoved = true
        place = place.map { $0.after(line.count + 1) }
        if isWanted(line) { page.lines.append(Array(line)) }
    }

    /// Ends the page here; nothing follows when here is `end`.
    mutating func stop(atEnd end: Int? = nil) {
        guard hasMoved else { return failure = .unreadable("a line is longer than a whole page") }
        page.next = place?.byteOffset == end ? nil : place
    }
}

extension JournalPlace {
    fileprivate func after(_ count: Int) -> JournalPlace {
        JournalPlace(day: day, segmentNumber: segmentNumber, byteOffset: byteOffset + count)
    }
}
