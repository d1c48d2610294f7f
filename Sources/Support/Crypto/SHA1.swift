import CCrypto

/// SHA-1, for protocols that prescribe it as a checksum; it keeps nothing secret and proves nothing.
package enum SHA1 {
    /// The number of bytes.
    package static let bytesCount = 20

    /// The hash of some bytes.
    package static func hash(of bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytesCount) { buffer, count in
            let done = EVP_Digest(bytes, bytes.count, buffer.baseAddress, nil, EVP_sha1(), nil)
            precondition(done == 1, "libcrypto offers SHA-1")
            count = bytesCount
        }
    }
}
