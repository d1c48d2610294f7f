import CCrypto

/// A SHA-256 computation, used again and again: one context, one fetched algorithm.
///
/// Neither copyable nor sendable: it belongs to whoever made it.
package struct SHA256: ~Copyable {
    // SAFETY: written once by the thread-safe initialiser of a static, never changed or freed after;
    // libcrypto reads it.
    nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("libcrypto offers SHA-256")
        }
        return algorithm
    }()

    private let context: OpaquePointer

    /// Starts an empty hash.
    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("memory for a hash context") }
        self.context = context
        let started = EVP_DigestInit_ex(context, Self.algorithm, nil)
        precondition(started == 1, "libcrypto starts SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes in more bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let taken = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(taken == 1, "a started hash takes bytes")
    }

    /// Takes in the bytes of a digest.
    package mutating func update(_ digest: Digest) { digest.withBytes { update($0) } }

    /// Takes in more bytes.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The hash of everything taken in; the next hash starts empty.
    package mutating func finish() -> Digest {
        let digest = Digest { buffer in
            let ended = EVP_DigestFinal_ex(
                context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
            precondition(ended == 1, "a started hash ends")
        }
        // No algorithm named: the context keeps the one it has, which is what makes reuse cheap.
        let started = EVP_DigestInit_ex(context, nil, nil)
        precondition(started == 1, "libcrypto starts SHA-256 again")
        return digest
    }

    /// The hash of some bytes.
    package static func hash(of bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The hash of a text's UTF-8 bytes.
    package static func hash(of text: String) -> Digest { hash(of: [UInt8](text.utf8)) }
}
