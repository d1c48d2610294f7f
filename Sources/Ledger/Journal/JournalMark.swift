/// A place between two lines of one journal: everything before it, nothing after.
///
/// Saved with a snapshot it lets a reader start there; published by the writer it is the high-water mark,
/// which readers never pass.
package struct JournalMark: Hashable, Sendable {
    /// The file that holds the last line before the mark; nil before the first line of all.
    package let segment: SegmentName?
    /// Bytes of `segment` before the mark.
    package let byteOffset: Int
    /// Lines of `segment` before the mark.
    package let lineCount: Int
    /// The position of the last line before the mark; 0 before the first.
    package let position: Int64
    /// The chain of the last line before the mark.
    package let chain: ChainHash

    package init(
        segment: SegmentName?, byteOffset: Int, lineCount: Int, position: Int64, chain: ChainHash
    ) {
        self.segment = segment
        self.byteOffset = byteOffset
        self.lineCount = lineCount
        self.position = position
        self.chain = chain
    }

    /// The mark before the first line.
    package static func start(origin: String) -> JournalMark {
        JournalMark(segment: nil, byteOffset: 0, lineCount: 0, position: 0, chain: .genesis(origin: origin))
    }
}
