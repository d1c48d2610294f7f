import Foundation
import Testing

/// The package's files, as git knows them.
enum Tree {
    /// The package's root folder.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every tracked or new file, ignored ones left out, by its path from the root.
    static let files: [SourceFile] = {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = [
            "git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
        ]
        let output = Pipe()
        git.standardOutput = output
        do { try git.run() } catch { return [] }
        let listing = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        return listing.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.sorted()
            .compactMap(SourceFile.init(path:))
    }()

    /// The files below one of `folders` with the extension `suffix`.
    static func files(in folders: [String], suffix: String) -> [SourceFile] {
        files.filter { file in
            file.path.hasSuffix("." + suffix) && folders.contains { file.path.hasPrefix($0 + "/") }
        }
    }

    /// The Swift files of the product.
    static let sources = files(in: ["Sources"], suffix: "swift")

    /// The Swift files of the product and its tests.
    static let swift = files(in: ["Sources", "Tests", "Benchmarks"], suffix: "swift")

    /// The migrations.
    static let migrations: [SourceFile] = files(in: ["migrations"], suffix: "sql")
        .filter { $0.path.split(separator: "/").count == 2 }

    /// The programs under `script/` and `.ci/`.
    static let scripts: [SourceFile] = files.filter { file in
        let parts = file.path.split(separator: "/")
        return parts.count == 2 && (parts[0] == "script" || parts[0] == ".ci")
    }

    /// Sources whose types no test names: each is tested through another type of its module.
    ///
    /// Let this list shrink.
    static let untested: Set<String> = [
        "Sources/Gateway/GatewayService.swift",
        "Sources/Ledger/Core/LineWriter.swift",
        "Sources/Ledger/Journal/ChainHash.swift",
        "Sources/Ledger/Journal/JournalLine.swift",
        "Sources/Ledger/Runtime/ModelLabel.swift",
        "Sources/Ledger/Runtime/OpenedJournal.swift",
        "Sources/Ledger/Store/StoreSnapshot.swift",
        "Sources/Platform/PlatformService.swift",
        "Sources/Support/HTTP/HTTPConnection+Reading.swift",
        "Sources/Support/HTTP/RecordedResponse.swift",
        "Sources/Support/HTTP/RequestRefusal.swift",
        "Sources/Support/HTTP/ResponseHead+Wire.swift",
        "Sources/Support/HTTP/ResponseHead.swift",
        "Sources/Support/HTTP/RouteParameters.swift",
        "Sources/Support/HTTP/UpgradedConnection.swift",
        "Sources/Support/JSON/ByteSearch.swift",
        "Sources/Support/Logging/UTCTime.swift",
        "Sources/Support/Metrics/Distribution.swift",
        "Sources/Support/Metrics/Gauge.swift",
        "Sources/Support/Metrics/Histogram.swift",
        "Sources/Support/Metrics/MetricFamily.swift",
        "Sources/Support/Metrics/MetricValue.swift",
        "Sources/Support/Service/HealthReport.swift",
        "Sources/Support/Service/ServiceShell.swift",
        "Sources/Support/Terminal/Environment.swift",
        "Sources/Support/Terminal/HostName.swift",
        "Sources/Support/Terminal/ProgressBar.swift",
        "Sources/Support/Terminal/Terminal.swift",
        "Sources/Support/Threads/Confined.swift",
    ]

    /// The documents.
    static let documents = files.filter { $0.path.hasSuffix(".md") }
}

/// One file of the tree.
struct SourceFile: CustomTestStringConvertible, Sendable {
    /// The path from the package's root.
    let path: String
    /// The whole text.
    let text: String
    /// The text's lines, without their ends.
    let lines: [String]
    /// The lines without their comments and without the contents of their string literals, numbered from 1.
    let code: [(number: Int, line: String)]

    /// Reads the file; nil when it is deleted or no text.
    init?(path: String) {
        guard let text = try? String(contentsOf: Tree.root.appendingPathComponent(path), encoding: .utf8)
        else { return nil }
        self.init(path: path, text: text)
    }

    /// A file with this text.
    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = path.hasSuffix(".swift") ? Self.code(of: lines) : []
    }

    var testDescription: String { path }

    /// The file's name without its extension.
    var name: String { String((path.split(separator: "/").last ?? "").prefix { $0 != "." }) }

    /// Whether a program wrote the file.
    var isGenerated: Bool { lines.first?.contains("Generated") == true }

    private static func code(of lines: [String]) -> [(number: Int, line: String)] {
        var isInLongString = false
        return lines.enumerated().compactMap { offset, line in
            let quotes = line.components(separatedBy: "\"\"\"").count - 1
            defer { if quotes % 2 == 1 { isInLongString.toggle() } }
            return isInLongString ? nil : (offset + 1, withoutStringsAndComments(line))
        }
    }

    private static func withoutStringsAndComments(_ line: String) -> String {
        var kept = ""
        var isInString = false
        var isEscaped = false
        var previous: Character = " "
        for character in line {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInString = false
                }
            } else if character == "\"" {
                isInString = true
            } else if character == "/", previous == "/" {
                kept.removeLast()
                break
            } else {
                kept.append(character)
            }
            previous = character
        }
        return kept
    }

    /// The modules that the file imports, with the line of each.
    var imports: [(number: Int, module: String)] {
        code.compactMap { number, line in
            let words = line.split(separator: " ").map(String.init)
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy({
                    $0.hasPrefix("@") || ["package", "public", "internal"].contains($0)
                })
            else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let named = words[keyword + 1]
            let path = kinds.contains(named) ? words.last ?? named : named
            return (number, path.split(separator: ".").first.map(String.init) ?? path)
        }
    }

    /// The types that the file declares or extends.
    var types: [String] {
        let declaration = #/\b(?:struct|class|enum|actor|protocol|extension)\s+([A-Z]\w*)/#
        return code.compactMap { $0.line.firstMatch(of: declaration).map { String($0.output.1) } }
    }
}
