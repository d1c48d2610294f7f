package import Crypto

/// The hash that ties one line to all lines before it.
package struct ChainHash: Hashable, Sendable, CustomStringConvertible {
    /// The hash itself.
    package let digest: Digest

    package init(_ digest: Digest) { self.digest = digest }

    /// Reads 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        guard let digest = Digest(hex: hex) else { return nil }
        self.digest = digest
    }

    /// The predecessor of the first line of the journal with this origin.
    package static func genesis(origin: String) -> ChainHash {
        ChainHash(SHA256.hash(of: "dispatch-ledger:" + origin))
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { digest.hex }

    package var description: String { hex }
}
