import Testing

/// Where things are and what they are called.
@Suite("Tree")
struct TreeTests {
    @Test("Migrations are numbered from 0001 without gaps")
    func migrationNumbers() {
        for (offset, file) in Tree.migrations.enumerated() {
            let digits = String(offset + 1)
            let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            #expect(file.path.hasPrefix("migrations/\(number)_"), "\(file.path): expected number \(number)")
        }
    }

    @Test("A migration ends with a newline", arguments: Tree.migrations)
    func migrationEnd(_ file: SourceFile) {
        #expect(file.text.hasSuffix("\n"), "\(file.path):\(file.lines.count)")
    }

    @Test("No two documents have one title")
    func titles() {
        var seen: [String: String] = [:]
        for file in Tree.documents {
            let title = file.lines.first { $0.hasPrefix("# ") }
            guard let title else { continue }
            #expect(seen[title] == nil, "\(file.path): `\(title)` is also the title of \(seen[title] ?? "")")
            seen[title] = file.path
        }
    }

    @Test("The scripts can be run and say what they do", arguments: Tree.scripts)
    func scripts(_ file: SourceFile) {
        #expect(file.lines.first == "#!/usr/bin/env bash" || file.lines.first == "#!/usr/bin/env python3")
        #expect(file.lines.count > 1 && (file.lines[1].hasPrefix("# ") || file.lines[1].hasPrefix("\"\"\"")))
    }

    /// Every word in the tests, these ones apart.
    static let testWords: Set<String> = Set(
        Tree.files(in: ["Tests"], suffix: "swift")
            .filter { !$0.path.hasPrefix("Tests/ArchitectureTests/") }
            .flatMap { $0.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init) })

    /// The types that other targets can use.
    ///
    /// What a module keeps to itself is tested through these.
    static let sharedTypes: Set<String> = Set(
        Tree.sources.flatMap { file in
            file.code.compactMap { _, line in
                guard line.hasPrefix("package ") || line.hasPrefix("public ") || line.hasPrefix("@") else {
                    return nil
                }
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
                guard words.contains("package") || words.contains("public"),
                    let kind = words.firstIndex(where: { ["struct", "class", "enum", "actor"].contains($0) })
                else { return nil }
                return kind + 1 < words.count ? words[kind + 1] : nil
            }
        })

    @Test("A test names a type of each source file that has types for others", arguments: Tree.sources)
    func mirrored(_ file: SourceFile) {
        guard !file.path.hasPrefix("Sources/dledger/"), !file.isGenerated, !Tree.untested.contains(file.path)
        else { return }
        let types = file.types.filter(Self.sharedTypes.contains)
        guard !types.isEmpty, file.code.contains(where: { $0.line.contains(#/\b(?:func|init|var)\b/#) })
        else { return }
        #expect(
            types.contains { Self.testWords.contains($0) },
            "\(file.path): no test names \(types.joined(separator: " or "))")
    }

    @Test("The list of untested files names files that are there")
    func untestedExists() {
        for path in Tree.untested {
            #expect(Tree.sources.contains { $0.path == path }, "\(path) is gone: take it off the list")
        }
    }
}
