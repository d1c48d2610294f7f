/// Cuts bytes into lines, however they come; a line's LF, and a CR before it, are not part of it.
package struct LineSplitter {
    private let lineBytesMax: Int
    private var rest: [UInt8] = []

    /// A splitter of lines up to this length.
    package init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// What came after the last LF: half a line, or nothing.
    package var remainder: [UInt8] { rest }

    /// Takes the next bytes and gives each line that they complete, in order.
    ///
    /// - Returns: false when a line, or what there is of one, is above the limit; then nothing more is taken.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ onLine: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        var position = 0
        while let end = ByteSearch.offset(of: UInt8(ascii: "\n"), in: bytes, from: position) {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            position = end + 1
            guard rest.count + piece.count <= lineBytesMax else { return false }
            if rest.isEmpty {
                onLine(Self.withoutReturn(piece))
            } else {
                rest.append(contentsOf: piece)
                rest.withUnsafeBytes { onLine(Self.withoutReturn($0)) }
                rest.removeAll(keepingCapacity: rest.capacity <= 1 << 16)
            }
        }
        guard rest.count + bytes.count - position <= lineBytesMax else { return false }
        rest.append(contentsOf: bytes[position...])
        return true
    }

    private static func withoutReturn(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard line.last == UInt8(ascii: "\r") else { return line }
        return UnsafeRawBufferPointer(rebasing: line[..<(line.count - 1)])
    }
}
