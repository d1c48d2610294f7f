// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 mode, warnings are errors, imports stay private to the file that wrote them.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Test targets may use members of what their dependencies import.
let testing: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A Swift target under `Sources/`; `exclude` names what in its folder is not Swift.
func target(
    _ name: String, at path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(path)", exclude: exclude,
        swiftSettings: strict)
}

/// A library that Debian ships, seen from Swift.
func system(_ name: String, pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig)
}

/// A suite of Swift tests; the folder has the target's name.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: testing)
}

let package = Package(
    name: "dispatch-ledger",
    products: [.executable(name: "dledger", targets: ["dledger"])],
    targets: [
        // C libraries.
        system("CPlatform"),
        system("CUV", pkgConfig: "libuv"),
        system("CCurl", pkgConfig: "libcurl"),
        system("CPostgres", pkgConfig: "libpq"),
        system("CCrypto", pkgConfig: "libcrypto"),
        system("CWslay"),
        .target(
            name: "CHTTPParser", path: "Sources/C/CHTTPParser",
            cSettings: [.define("LLHTTP_STRICT_MODE", to: "1")]),
        .target(
            name: "CJSON", path: "Sources/C/CJSON", cxxSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [.linkedLibrary("simdjson")]),

        // The pure centre: imports nothing.
        target("LedgerCore", at: "Ledger/Core"),

        // Support: only these import C targets or Glibc.
        target("Threads", at: "Support/Threads", ["CPlatform"]),
        target("Files", at: "Support/Files", ["CPlatform"]),
        target("Crypto", at: "Support/Crypto", ["CCrypto"]),
        target("Logging", at: "Support/Logging", ["Threads"]),
        target("Metrics", at: "Support/Metrics", ["Threads"]),
        target("JSON", at: "Support/JSON", ["CJSON"]),
        target("EventLoop", at: "Support/EventLoop", ["CUV", "Threads"]),
        target("HTTP", at: "Support/HTTP", ["EventLoop", "CUV", "CHTTPParser"]),
        target("WebSocket", at: "Support/WebSocket", ["HTTP", "EventLoop", "CWslay", "Crypto"]),
        target("ChildProcess", at: "Support/ChildProcess", ["EventLoop", "CUV", "CPlatform"]),
        target("HTTPClient", at: "Support/HTTPClient", ["EventLoop", "HTTP", "CUV", "CCurl"]),
        target("Postgres", at: "Support/Postgres", ["CPostgres"]),
        target("Lifecycle", at: "Support/Lifecycle", ["Threads", "Logging"]),
        target("Service", at: "Support/Service", ["HTTP", "Metrics", "Crypto"]),
        target("Terminal", at: "Support/Terminal"),

        // The providers' stand-in; knows nothing of the ledger.
        target(
            "Simulator", at: "Simulator",
            ["HTTP", "EventLoop", "JSON", "Files", "Lifecycle", "Logging", "Threads"]),

        // The ledger.
        target("LedgerJournal", at: "Ledger/Journal", ["LedgerCore", "Files", "Crypto", "Threads"]),
        target("LedgerStore", at: "Ledger/Store", ["LedgerCore", "Postgres"]),
        target(
            "LedgerRuntime", at: "Ledger/Runtime",
            [
                "LedgerCore", "LedgerJournal", "LedgerStore", "Threads", "Files", "Crypto", "JSON", "Logging",
                "Metrics", "Lifecycle",
            ]),

        // What the services share: who may, and what model APIs say.
        target("Access", at: "Access", ["LedgerCore", "HTTP", "Crypto"]),
        target("Wire", at: "Wire", ["LedgerCore", "JSON"]),

        // The services: never import each other.
        target(
            "Gateway", at: "Gateway",
            [
                "LedgerCore", "LedgerRuntime", "Access", "Wire", "HTTP", "HTTPClient", "EventLoop", "Metrics",
                "Logging", "JSON", "Crypto", "Files", "Service", "Threads", "WebSocket", "ChildProcess",
                "Lifecycle",
            ], exclude: ["Web"]),
        target(
            "Proxy", at: "Proxy",
            [
                "LedgerCore", "LedgerRuntime", "Access", "Wire", "HTTP", "HTTPClient", "EventLoop", "Metrics",
                "Logging", "JSON", "Crypto", "Service", "Threads",
            ]),
        target(
            "Platform", at: "Platform",
            [
                "LedgerCore", "LedgerRuntime", "Access", "HTTP", "HTTPClient", "EventLoop", "Metrics",
                "Logging", "JSON", "Crypto", "Files", "Service", "Threads",
            ], exclude: ["Web"]),

        // The composition root and the command line.
        .executableTarget(
            name: "dledger",
            dependencies: [
                "LedgerCore", "LedgerJournal", "LedgerStore", "LedgerRuntime", "Access", "Wire", "Gateway",
                "Proxy", "Platform", "HTTP", "HTTPClient", "EventLoop", "Metrics", "Logging", "JSON",
                "Crypto", "Files", "Threads",
                "Lifecycle", "Service", "Simulator", "Terminal",
            ],
            path: "Sources/dledger", swiftSettings: strict),

        // What several suites share.
        .target(
            name: "TestSupport", dependencies: ["LedgerStore", "Postgres", "Files", "Threads"],
            path: "Tests/TestSupport",
            swiftSettings: strict),

        // Readers of bytes from outside, with what must hold for any bytes.
        .target(
            name: "FuzzCases",
            dependencies: ["LedgerCore", "LedgerRuntime", "Wire", "HTTP", "CHTTPParser"],
            path: "Tests/Fuzzing/Cases", swiftSettings: testing),

        // The benchmarks' own program; script/bench runs it beside its peers.
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "LedgerCore", "LedgerJournal", "LedgerRuntime", "Files", "Lifecycle", "Logging", "Metrics",
                "Terminal", "Threads",
            ],
            path: "Benchmarks/Scenarios", swiftSettings: strict),

        // Tests mirror Sources.
        tests("LedgerCoreTests", ["LedgerCore"]),
        tests("LedgerJournalTests", ["LedgerJournal", "LedgerCore", "Files", "Crypto", "Threads"]),
        tests(
            "LedgerStoreTests", ["LedgerStore", "LedgerCore", "Postgres", "Crypto", "Threads", "TestSupport"]),
        tests(
            "LedgerRuntimeTests",
            [
                "LedgerRuntime", "LedgerJournal", "LedgerCore", "LedgerStore", "Metrics", "Files", "JSON",
                "Logging", "Threads", "Postgres", "TestSupport",
            ]),
        tests(
            "SupportTests",
            [
                "Threads", "Files", "Crypto", "Logging", "Metrics", "JSON", "EventLoop", "HTTP", "HTTPClient",
                "Lifecycle", "Service", "WebSocket", "ChildProcess", "TestSupport",
            ]),
        tests(
            "PlatformTests",
            [
                "Platform", "Access", "LedgerRuntime", "LedgerCore", "HTTP", "HTTPClient", "EventLoop",
                "Metrics", "JSON", "Files", "Logging", "Service", "Threads", "Crypto", "TestSupport",
            ]),
        tests("WireTests", ["Wire", "LedgerCore", "JSON", "TestSupport"]),
        tests(
            "GatewayTests",
            [
                "Gateway", "Access", "Wire", "LedgerRuntime", "LedgerCore", "HTTP", "HTTPClient", "EventLoop",
                "Metrics", "JSON", "Files", "Logging", "Service", "Threads", "Crypto", "WebSocket",
                "ChildProcess", "TestSupport",
            ]),
        tests(
            "ProxyTests",
            [
                "Proxy", "Access", "Crypto", "Wire", "LedgerRuntime", "LedgerCore", "HTTP", "HTTPClient",
                "EventLoop", "Metrics", "JSON", "Files", "Logging", "Service", "Threads", "TestSupport",
            ]),
        tests(
            "SimulatorTests",
            [
                "Simulator", "Proxy", "Wire", "LedgerCore", "HTTP", "HTTPClient", "EventLoop", "JSON",
                "Files",
                "Lifecycle",
            ]),
        tests("FuzzTests", ["FuzzCases"]),
        tests("ArchitectureTests", []),
    ]
)

// script/fuzz alone builds this: it needs the compiler's fuzzer in every module.
if Context.environment["LEDGER_FUZZING"] != nil {
    package.targets += [
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzCases"], path: "Tests/Fuzzing/Driver",
            swiftSettings: testing)
    ]
}
