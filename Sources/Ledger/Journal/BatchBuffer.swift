import Crypto

/// The bytes of one batch, as they go to the disk; its memory is kept for the next.
struct BatchBuffer: ~Copyable {
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
    private(set) var count = 0

    deinit { buffer.deallocate() }

    /// The bytes added since the last reset; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    /// Empties the buffer and makes room for `bytes`.
    mutating func reset(bytes: Int) {
        count = 0
        guard bytes > buffer.count else { return }
        buffer.deallocate()
        buffer = .allocate(
            byteCount: max(bytes, min(2 * buffer.count, JournalWriter.batchBytesMax)), alignment: 64)
    }

    /// Adds one line: its body, its chain, its end.
    mutating func add(_ body: UnsafeRawBufferPointer, _ chain: Digest) {
        copy(body)
        copy(LineFormat.chainKey)
        let hex = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + LineFormat.hexBytes])
        chain.withBytes { Hex.encode($0, into: hex) }
        count += LineFormat.hexBytes
        copy(LineFormat.end)
        buffer[count] = LineFormat.newline
        count += 1
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + bytes.count]).copyMemory(from: bytes)
        count += bytes.count
    }

    private mutating func copy(_ text: StaticString) {
        copy(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
