import Glibc

/// Searches in raw bytes at the C library's speed.
package enum Bytes {
    /// The index of the first `byte`.
    package static func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }
}
