/// One line of the journal, lent by a reader until its next call.
package struct JournalLine {
    package let position: Int64
    /// The line without its newline; valid until the reader's next call.
    package let bytes: UnsafeRawBufferPointer
    /// The chain that the line carries; verified when the reader verifies.
    package let chain: ChainHash
    package let segment: SegmentName
    /// Counted from 1 in its segment.
    package let line: Int
    /// Of the line's first byte in its segment.
    package let byteOffset: Int

    /// The hashed part: the bytes before `,"chain":`, without the closing brace.
    package var body: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - LineFormat.suffixBytes)])
    }
}
