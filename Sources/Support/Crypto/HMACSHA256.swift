import CCrypto

/// Keyed hashes (RFC 2104 with SHA-256).
package enum HMACSHA256 {
    /// The code that proves knowledge of `key` for `message`.
    package static func code(of message: [UInt8], key: [UInt8]) -> Digest {
        Digest { buffer in
            let code = HMAC(
                SHA256.algorithm, key, Int32(clamping: key.count), message, message.count,
                buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
            precondition(code != nil, "libcrypto computes HMAC-SHA-256")
        }
    }

    /// Whether `code` is the one for `message`; its time does not depend on where it differs.
    package static func isValid(_ code: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        ConstantTime.equal(code, self.code(of: message, key: key).bytes)
    }
}

/// Comparison that tells an observer nothing but its answer.
package enum ConstantTime {
    /// Whether both hold the same bytes; only the lengths may show in the time taken.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// Bytes that nobody can guess.
package enum Random {
    /// `count` bytes from libcrypto's generator.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = RAND_bytes(&bytes, Int32(clamping: count))
        precondition(filled == 1, "the system has randomness")
        return bytes
    }
}
