/// Lines of comma-separated values as RFC 4180 has them, with LF between lines.
///
/// A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and names come from
/// outside: such a cell gets an apostrophe in front, unless that is switched off. Numbers are never touched.
package struct CSVText {
    /// One cell.
    package enum Cell: Hashable, Sendable {
        /// A name or sentence; an empty one is absent.
        case text(String?)
        /// A number, a moment or a fixed word: written as it is.
        case plain(String)

        /// A count.
        package static func count(_ value: Int64) -> Cell { .plain(String(value)) }
    }

    /// What has been written and not taken.
    package private(set) var bytes: [UInt8] = []
    private let guardsFormulas: Bool

    /// Creates an empty text.
    package init(guardingFormulas: Bool) { guardsFormulas = guardingFormulas }

    /// Writes one line.
    package mutating func line(_ cells: [Cell]) {
        for (column, cell) in cells.enumerated() {
            if column > 0 { bytes.append(UInt8(ascii: ",")) }
            switch cell {
            case .plain(let text): bytes.append(contentsOf: text.utf8)
            case .text(let text?): write(text)
            case .text(nil): break
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Takes what has been written.
    package mutating func take() -> [UInt8] {
        let taken = bytes
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    private mutating func write(_ text: String) {
        let needsQuotes = text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte < 0x20
        }
        let isFormula = guardsFormulas && text.utf8.first.map { Self.openers.contains($0) } ?? false
        if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
    }

    private static let openers: Set<UInt8> = [
        UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\t"),
        UInt8(ascii: "\r"), UInt8(ascii: "\n"),
    ]
}
