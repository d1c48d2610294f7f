import Crypto

/// The fixed frame of a line; what stands between is the event's business.
///
///     {"position":42,…,"chain":"0123…64 digits…cdef"}⏎
///     └──── body ────┘└───── suffix, 76 bytes ──────┘
enum LineFormat {
    static let prefix: StaticString = "{\"position\":"
    static let chainKey: StaticString = ",\"chain\":\""
    static let end: StaticString = "\"}"
    static let hexBytes = 2 * Digest.bytesCount
    static let suffixBytes = chainKey.utf8CodeUnitCount + hexBytes + end.utf8CodeUnitCount
    static let newline = UInt8(ascii: "\n")

    /// A line's frame, read; the chain is not verified.
    struct Frame {
        let position: Int64
        let bodyBytes: Int
        let chain: Digest
    }

    /// Reads the frame of a line without its newline; nil when it is not one.
    static func frame(_ line: UnsafeRawBufferPointer) -> Frame? {
        let bodyBytes = line.count - suffixBytes
        guard bodyBytes > 0, let position = position(line),
            let chain = chain(inSuffix: UnsafeRawBufferPointer(rebasing: line[bodyBytes...]))
        else { return nil }
        return Frame(position: position, bodyBytes: bodyBytes, chain: chain)
    }

    /// Reads the chain from a line's last 76 bytes; nil when they are no suffix.
    static func chain(inSuffix suffix: UnsafeRawBufferPointer) -> Digest? {
        let hexStart = chainKey.utf8CodeUnitCount
        guard suffix.count == suffixBytes, matches(suffix, chainKey, at: 0),
            matches(suffix, end, at: hexStart + hexBytes)
        else { return nil }
        return Digest(hex: UnsafeRawBufferPointer(rebasing: suffix[hexStart..<hexStart + hexBytes]))
    }

    /// Reads the position that a body starts with; nil when it does not, or not in its one spelling.
    static func position(_ body: UnsafeRawBufferPointer) -> Int64? {
        guard matches(body, prefix, at: 0) else { return nil }
        var index = prefix.utf8CodeUnitCount
        let first = index
        var position: Int64 = 0
        while index < body.count, case let digit = body[index] &- UInt8(ascii: "0"), digit < 10 {
            // 18 digits always fit; a longer position is none.
            guard index - first < 18 else { return nil }
            position = position * 10 + Int64(digit)
            index += 1
        }
        guard index > first, body[first] != UInt8(ascii: "0"), index < body.count,
            body[index] == UInt8(ascii: ",")
        else { return nil }
        return position
    }

    /// The chain of a body after `previous`.
    static func chain(
        _ hash: inout SHA256, after previous: Digest, _ body: UnsafeRawBufferPointer
    ) -> Digest {
        hash.update(previous)
        hash.update(body)
        return hash.finish()
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer, _ text: StaticString, at start: Int) -> Bool
    {
        let count = text.utf8CodeUnitCount
        guard start >= 0, start + count <= bytes.count else { return false }
        for index in 0..<count where bytes[start + index] != text.utf8Start[index] { return false }
        return true
    }
}
