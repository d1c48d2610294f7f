import Files
import JSON
import LedgerCore

/// The file of the activity log and the one that it took the place of: whole lines, never more than a limit.
///
/// Nothing is synced: after a power cut the end may be lost, and is written again from the journal. Whoever
/// renames the file away or empties it finds a new one, or goes on in this one, with the next line.
struct ActivityFile {
    private let path: String
    private let files: any FileSystem
    private let bytesMax: Int
    private var file: OpenFile?
    private var last = Position(0)

    /// The most of a file's end that is looked through for its last whole line.
    private static let tailBytesMax = 64 * 1024

    init(_ path: String, bytesMax: Int, _ files: any FileSystem) {
        self.path = path
        self.bytesMax = bytesMax
        self.files = files
    }

    /// Where the former file lies.
    private var formerPath: String { path + ".1" }

    /// Goes on behind the last line that is there, at `end` at most: a journal may have been restored.
    ///
    /// Where there is none, behind `start`. Returns that position.
    mutating func begin(behind start: Position, end: Position) throws(FileError) -> Position {
        var found = try repair()
        if found == nil { found = try lastLine(at: formerPath)?.position }
        last = min(found ?? start, end)
        return last
    }

    /// Writes the lines of `events`, but for those that are there.
    ///
    /// After an error any part may be there; the same events may be given again.
    mutating func append(_ events: [RecordedEvent]) throws(FileError) {
        guard let end = events.last?.position, end > last else { return }
        let file = try opened(upTo: end)
        var bytes: [UInt8] = []
        for recorded in events where recorded.position > last { ActivityLine.append(recorded, to: &bytes) }
        do throws(FileError) {
            let target = try roomy(file, for: bytes.count)
            try files.appendAll(bytes, to: target)
        } catch {
            close()
            throw error
        }
        last = end
    }

    /// Gives the file back; the next line opens it again.
    mutating func close() {
        if let file { files.close(file) }
        file = nil
    }

    /// The open file, still at its path; opened anew it may have more than was known.
    private mutating func opened(upTo end: Position) throws(FileError) -> OpenFile {
        if let file {
            if try files.isNamed(file) { return file }
            close()
        }
        if let found = try repair(), found > last, found <= end { last = found }
        return try open()
    }

    private mutating func open() throws(FileError) -> OpenFile {
        let opened: OpenFile
        do { opened = try files.open(path, for: .appending) } catch {
            guard error.isMissing else { throw error }
            opened = try files.open(path, for: .creating(permissions: 0o640))
        }
        file = opened
        return opened
    }

    /// `file`, or a new one when it has no room for so many bytes.
    private mutating func roomy(_ file: OpenFile, for count: Int) throws(FileError) -> OpenFile {
        let size = try files.size(of: file)
        guard size > 0, size + count > bytesMax else { return file }
        close()
        try files.rename(path, to: formerPath)
        return try open()
    }

    /// Cuts off what is behind the last whole line, and returns that line's position; nil: there is none.
    ///
    /// A file whose end has no line of ours is moved aside.
    private func repair() throws(FileError) -> Position? {
        guard let line = try lastLine(at: path) else { return nil }
        guard let position = line.position else {
            if line.size > 0 { try files.rename(path, to: formerPath) }
            return nil
        }
        guard line.end < line.size else { return position }
        let file = try files.open(path, for: .repair)
        defer { files.close(file) }
        try files.truncate(file, to: line.end)
        return position
    }

    /// The last whole line's position and end, and the file's size; nil: there is no file.
    private func lastLine(at path: String) throws(FileError) -> (position: Position?, end: Int, size: Int)? {
        let file: OpenFile
        do { file = try files.open(path, for: .readingRegular) } catch {
            guard error.isMissing else { throw error }
            return nil
        }
        defer { files.close(file) }
        let size = try files.size(of: file)
        let start = max(size - Self.tailBytesMax, 0)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.tailBytesMax, alignment: 16)
        defer { room.deallocate() }
        let count = try files.read(file, at: start, into: room)
        let tail = Array(room[..<count])
        var end = tail.count
        while let newline = tail[..<end].lastIndex(of: UInt8(ascii: "\n")) {
            let begin = tail[..<newline].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if let position = Self.position(Array(tail[begin..<newline])) {
                return (position, start + newline + 1, size)
            }
            end = newline
        }
        return (nil, 0, size)
    }

    private static func position(_ line: [UInt8]) -> Position? {
        guard let document = try? JSONDocument.parse(line) else { return nil }
        return document.root["position"]?.int64.map { Position($0) }
    }
}
