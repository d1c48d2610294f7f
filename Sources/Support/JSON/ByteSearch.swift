internal import CJSON

/// Finds bytes in bytes at the speed of the C library.
package enum ByteSearch {
    /// Returns the offset of `byte` at or after `from`.
    package static func offset(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from: Int = 0) -> Int? {
        guard from < bytes.count, let start = bytes.baseAddress else { return nil }
        let rest = bytes.count - from
        let found = cjson_find_byte((start + from).assumingMemoryBound(to: UInt8.self), rest, byte)
        return found == rest ? nil : from + found
    }

    /// Returns the offset of `needle` at or after `from`.
    package static func offset(
        of needle: StaticString, in bytes: UnsafeRawBufferPointer, from: Int = 0
    ) -> Int? {
        guard from < bytes.count, let start = bytes.baseAddress else { return nil }
        let rest = bytes.count - from
        let found = cjson_find(
            (start + from).assumingMemoryBound(to: UInt8.self), rest, needle.utf8Start,
            needle.utf8CodeUnitCount)
        return found == rest ? nil : from + found
    }

    /// Returns whether `needle` is in `bytes`.
    package static func contains(_ needle: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        offset(of: needle, in: bytes) != nil
    }

    /// Returns whether `bytes` are exactly `text`.
    package static func equal(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && offset(of: text, in: bytes) == 0
    }

    /// Returns whether `bytes` start with `text`.
    package static func starts(_ bytes: UnsafeRawBufferPointer, with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return bytes.count >= count && equal(UnsafeRawBufferPointer(rebasing: bytes[..<count]), text)
    }
}
