import Testing

/// Words that do not appear.
@Suite("Words")
struct WordTests {
    @Test("Nothing in Sources can trap on input", arguments: Tree.sources)
    func noTraps(_ file: SourceFile) {
        for (number, line) in file.code {
            for word in ["try!", "as!", "fatalError("] {
                #expect(!line.contains(word), "\(file.path):\(number): \(word)")
            }
        }
    }

    @Test("Only the executable prints", arguments: Tree.sources)
    func noPrint(_ file: SourceFile) {
        guard !file.path.hasPrefix("Sources/dledger/") else { return }
        for (number, line) in file.code {
            #expect(!line.contains(#/(?:^|[^\w.])print\(/#), "\(file.path):\(number): print(")
        }
    }

    @Test(
        "The core counts without binary fractions",
        arguments: Tree.files(in: ["Sources/Ledger/Core"], suffix: "swift"))
    func noDouble(_ file: SourceFile) {
        for (number, line) in file.code {
            #expect(!line.contains(#/\b(?:Double|Float|Decimal)\b/#), "\(file.path):\(number): \(line)")
        }
    }

    @Test("Every promise to the compiler names what makes it true", arguments: Tree.sources)
    func safety(_ file: SourceFile) {
        for (number, line) in file.code {
            for word in ["@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency", "Task.detached"]
            where line.contains(word) {
                #expect(
                    isExplained(file, number),
                    "\(file.path):\(number): \(word) without `// SAFETY:` before it")
            }
        }
    }

    /// Whether the comment directly before a line, attributes and doc comments apart, holds `// SAFETY:`.
    private func isExplained(_ file: SourceFile, _ number: Int) -> Bool {
        var index = number - 2
        while index >= 0 {
            let line = file.lines[index].drop { $0 == " " }
            if line.hasPrefix("// SAFETY:") { return true }
            guard line.hasPrefix("//") || line.hasPrefix("@") else { return false }
            index -= 1
        }
        return false
    }

    @Test("A type is named for what it is", arguments: Tree.sources)
    func typeNames(_ file: SourceFile) {
        let declaration = #/\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Z]\w*)/#
        // A word ends at the next capital letter: `Database` and `Base64` have no `Base`.
        let banned =
            #/(?:Manager|Helper|Util|Utils|Utilities|Common|Base|Impl|Info|Processor)(?=[A-Z_]|$)/#
        for (number, line) in file.code {
            guard let name = line.firstMatch(of: declaration)?.output.1 else { continue }
            #expect(!name.contains(banned), "\(file.path):\(number): \(name)")
        }
    }
}
