import TestSupport

/// Exchanges kept as files in `Tests/Golden/wire`; the name says the rule.
enum WireGolden {
    /// Returns the bytes of one file.
    static func bytes(_ name: String) throws -> [UInt8] { try WireCorpus.bytes(name) }

    /// Returns `bytes` cut in two at every offset, and once into single bytes.
    static func splits(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
        bytes.indices.map { [bytes[..<$0], bytes[$0...]] } + [bytes.indices.map { bytes[$0...$0] }]
    }
}
