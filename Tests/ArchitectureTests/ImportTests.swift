import Testing

/// The one direction in which modules depend.
@Suite("Imports")
struct ImportTests {
    /// What each folder may import beside the standard library, by its path; the longest that fits counts.
    static let support: Set<String> = [
        "Threads", "Files", "Crypto", "Logging", "Metrics", "JSON", "EventLoop", "HTTP", "HTTPClient",
        "Postgres", "Lifecycle", "WebSocket", "ChildProcess", "Service", "Terminal",
    ]
    static let system: Set<String> = [
        "Glibc", "CPlatform", "CUV", "CCurl", "CPostgres", "CCrypto", "CHTTPParser", "CJSON",
        "CWslay",
    ]
    static let standard: Set<String> = ["Swift", "Synchronization"]
    static let services: Set<String> = ["Gateway", "Proxy", "Platform"]
    static let ledger: Set<String> = ["LedgerCore", "LedgerJournal", "LedgerStore", "LedgerRuntime"]
    static let forService: Set<String> = support.subtracting(["Postgres", "Files"]).union([
        "LedgerCore", "LedgerRuntime", "Access", "Wire",
    ])

    static let allowed: [(folder: String, modules: Set<String>)] = [
        ("Sources/Ledger/Core", []),
        ("Sources/Ledger/Journal", ["LedgerCore", "Files", "Crypto", "Threads"]),
        ("Sources/Ledger/Store", ["LedgerCore", "Postgres"]),
        ("Sources/Ledger/Runtime", support.union(["LedgerCore", "LedgerJournal", "LedgerStore"])),
        ("Sources/Access", ["LedgerCore", "HTTP", "Crypto"]),
        ("Sources/Wire", ["LedgerCore", "JSON"]),
        ("Sources/Gateway", forService.union(["Files"])),
        ("Sources/Proxy", forService),
        ("Sources/Platform", forService.union(["Files"])),
        ("Sources/Simulator", support.subtracting(["Postgres"])),
        ("Sources/dledger", support.union(ledger).union(services).union(["Access", "Wire", "Simulator"])),
        ("Sources/Support", support.union(system)),
    ]

    @Test("An import points the one way", arguments: Tree.sources)
    func direction(_ file: SourceFile) throws {
        let rule = Self.allowed.first { file.path.hasPrefix($0.folder + "/") }
        let allowed = try #require(rule, "\(file.path): no rule says what this folder may import").modules
        for (number, module) in file.imports {
            let isFine = allowed.contains(module) || (Self.standard.contains(module) && !allowed.isEmpty)
            #expect(isFine, "\(file.path):\(number): imports \(module)")
        }
    }

    @Test("Support does not know the ledger", arguments: Tree.files(in: ["Sources/Support"], suffix: "swift"))
    func support(_ file: SourceFile) {
        for (number, module) in file.imports {
            #expect(
                !Self.ledger.union(Self.services).contains(module),
                "\(file.path):\(number): imports \(module)")
        }
    }

    @Test("The tree was read")
    func treeWasRead() {
        #expect(Tree.sources.count > 10)
        #expect(Tree.sources.contains { $0.path == "Sources/Ledger/Core/Money.swift" })
    }
}
