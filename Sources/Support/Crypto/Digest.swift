/// The 32 bytes of a SHA-256 hash or HMAC.
///
/// `==` stops at the first difference: compare secrets with ``ConstantTime/equal(_:_:)`` instead.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The number of bytes.
    package static let bytesCount = 32

    // Four words in memory order, so that the struct's bytes are the digest's bytes.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Takes the first 32 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.bytesCount else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    /// Reads 64 lower-case hexadecimal digits.
    package init?(hex: UnsafeRawBufferPointer) {
        guard hex.count == 2 * Self.bytesCount else { return nil }
        let valid = withUnsafeMutableBytes(of: &words) { Hex.decode(hex, into: $0) }
        guard valid else { return nil }
    }

    /// Reads 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        var text = hex
        guard let digest = text.withUTF8({ Digest(hex: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = digest
    }

    /// Filled by `fill`, which must write all 32 bytes.
    init(filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
        withUnsafeMutableBytes(of: &words, fill)
    }

    /// Lends the 32 bytes.
    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        withUnsafeBytes(of: words, body)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] { withBytes { [UInt8]($0) } }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }

    package var description: String { hex }

    package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        // One word of a hash spreads as well as four.
        hasher.combine(words.0)
    }
}
