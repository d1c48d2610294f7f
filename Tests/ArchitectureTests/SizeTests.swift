import Testing

/// How large a file may be.
@Suite("Sizes")
struct SizeTests {
    @Test("A file holds at most 300 lines", arguments: Tree.swift)
    func fileLength(_ file: SourceFile) {
        guard !file.isGenerated else { return }
        #expect(file.lines.count <= 301, "\(file.path):301: \(file.lines.count - 1) lines")
    }

    @Test("A function takes at most 60 lines", arguments: Tree.sources)
    func functionLength(_ file: SourceFile) {
        guard !file.isGenerated else { return }
        for (number, lines) in file.functions {
            #expect(lines <= 60, "\(file.path):\(number): a function of \(lines) lines")
        }
    }

    @Test("A line holds at most 110 columns, what is quoted in it apart", arguments: Tree.swift)
    func lineLength(_ file: SourceFile) {
        guard !file.isGenerated else { return }
        for (number, code) in file.code {
            let line = file.lines[number - 1]
            let isComment = line.drop { $0 == " " }.hasPrefix("//")
            let columns = isComment ? line.count : min(line.count, code.count)
            #expect(columns <= 110, "\(file.path):\(number): \(columns) columns")
        }
    }
}
