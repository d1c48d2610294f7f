import Crypto
import Files

/// The journal's directory: which segments there are, and how each is named on disk.
struct SegmentDirectory {
    let path: String
    let files: any FileSystem

    func path(of segment: SegmentName) -> String { "\(path)/\(segment)" }

    /// All segments in order; files of other names are not the journal's.
    ///
    /// A directory that does not exist yet is an empty journal.
    func segments() throws(JournalError) -> [SegmentName] {
        let names: [String]
        do { names = try files.list(path) } catch {
            guard error.isMissing else { throw .io(error) }
            names = []
        }
        return names.compactMap { SegmentName($0) }.sorted()
    }

    /// The first segment after `segment`, or the first of all.
    func segment(after segment: SegmentName?) throws(JournalError) -> SegmentName? {
        let names = try segments()
        guard let segment else { return names.first }
        return names.first { $0 > segment }
    }

    func damage(
        _ kind: JournalError.Damage.Kind, _ segment: SegmentName, line: Int, byte: Int
    ) -> JournalError {
        .damaged(JournalError.Damage(path: path(of: segment), line: line, byte: byte, kind: kind))
    }

    /// A name beside `segment` that is not taken, for bytes that are set aside.
    func freeTornPath(for segment: SegmentName) throws(JournalError) -> String {
        let names = Set(try io(try files.list(path)))
        var number = 1
        while names.contains("\(segment).torn-\(number)") { number += 1 }
        return path(of: segment) + ".torn-\(number)"
    }

    /// Opens the segment of `mark` for reading, once the line before the mark is the mark's own.
    func openMarked(_ mark: JournalMark, _ segment: SegmentName) throws(JournalError) -> OpenFile {
        func damaged(_ kind: JournalError.Damage.Kind) -> JournalError {
            damage(kind, segment, line: mark.lineCount + 1, byte: mark.byteOffset)
        }
        let file: OpenFile
        do { file = try files.open(path(of: segment), for: .reading) } catch {
            throw error.isMissing ? damaged(.missing) : .io(error)
        }
        do throws(JournalError) {
            guard try io(try files.size(of: file)) >= mark.byteOffset else { throw damaged(.missing) }
            // A mark at a file's beginning belongs to the file before; there is no line here to compare.
            guard mark.byteOffset > 0 else { return file }
            guard try chainOfLine(endingAt: mark.byteOffset, file) == mark.chain.digest else {
                throw damaged(.markMismatch)
            }
        } catch {
            files.close(file)
            throw error
        }
        return file
    }

    /// The chain that the line ending at `byteOffset` carries; nil when no line ends there.
    func chainOfLine(endingAt byteOffset: Int, _ file: OpenFile) throws(JournalError) -> Digest? {
        let count = LineFormat.suffixBytes + 1
        guard byteOffset > count else { return nil }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        let got = try io(try files.read(file, at: byteOffset - count, into: buffer))
        guard got == count, buffer[count - 1] == LineFormat.newline else { return nil }
        return LineFormat.chain(inSuffix: UnsafeRawBufferPointer(rebasing: buffer[..<(count - 1)]))
    }
}
