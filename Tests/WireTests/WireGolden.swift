import Foundation

/// Exchanges kept as files in `Tests/Golden/wire`; the name says the rule.
enum WireGolden {
    /// Returns the bytes of one exchange.
    static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appendingPathComponent("Golden/wire/\(name)")))
    }

    /// Returns `bytes` cut in two at every offset, and once into single bytes.
    static func splits(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
        bytes.indices.map { [bytes[..<$0], bytes[$0...]] } + [bytes.indices.map { bytes[$0...$0] }]
    }
}
