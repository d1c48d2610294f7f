import Terminal

/// A table for a terminal: columns as wide as their widest cell, figures to the right.
struct TextTable {
    private let headings: [String]
    private let figures: Set<Int>
    private var rows: [[String]] = []

    /// A table whose columns `figures` are aligned to the right.
    init(_ headings: [String], figures: Set<Int>) {
        self.headings = headings
        self.figures = figures
    }

    mutating func add(_ row: [String]) { rows.append(row.map { Terminal.plain($0) }) }

    var text: String {
        var widths = headings.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var text = line(headings, widths)
        text += widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
        for row in rows { text += line(row, widths) }
        return text
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let gap = String(repeating: " ", count: widths[column] - cell.count)
            line += (column > 0 ? "  " : "") + (figures.contains(column) ? gap + cell : cell + gap)
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}
