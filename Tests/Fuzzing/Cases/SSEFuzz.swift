import Wire

/// A stream means the same however its bytes are cut.
///
/// The first two bytes say where it is cut, and what is above the cap.
enum SSEFuzz {
    private struct Block: Equatable {
        let name: [UInt8]
        let data: [UInt8]
        let hasData: Bool
        let isOversized: Bool
    }

    static func complaint(about bytes: [UInt8]) -> String? {
        guard bytes.count > 2 else { return nil }
        let stream = bytes[2...]
        let cut = stream.startIndex + Int(bytes[0]) % (stream.count + 1)
        let cap = bytes[1] & 1 == 0 ? 1 << 20 : Int(bytes[1]) + 1
        let whole = blocks([stream], cap: cap)
        guard blocks([stream[..<cut], stream[cut...]], cap: cap) == whole else {
            return "cut at \(cut - 2), other events are read"
        }
        guard blocks(stream.indices.map { stream[$0...$0] }, cap: cap) == whole else {
            return "byte by byte, other events are read"
        }
        let filtered = filtered([stream])
        guard self.filtered([stream[..<cut], stream[cut...]]) == filtered else {
            return "cut at \(cut - 2), the client sees other bytes"
        }
        // What is hidden is whole blocks: the rest stands in its order.
        var rest = stream[...]
        for byte in filtered {
            guard let next = rest.firstIndex(of: byte) else { return "the client sees bytes that never came" }
            rest = rest[(next + 1)...]
        }
        return nil
    }

    private static func blocks(_ pieces: [ArraySlice<UInt8>], cap: Int) -> [Block] {
        var parser = SSEParser(eventBytesMax: cap)
        var blocks: [Block] = []
        let take: (SSEEvent) -> Void = { event in
            blocks.append(
                Block(
                    name: Array(event.name), data: Array(event.data), hasData: event.hasData,
                    isOversized: event.isOversized))
        }
        for piece in pieces { piece.withUnsafeBytes { parser.feed($0, take) } }
        parser.finish(take)
        return blocks
    }

    private static func filtered(_ pieces: [ArraySlice<UInt8>]) -> [UInt8] {
        var filter = IncludeUsageFilter()
        var output: [UInt8] = []
        for piece in pieces { piece.withUnsafeBytes { filter.feed($0) { output.append(contentsOf: $0) } } }
        filter.finish { output.append(contentsOf: $0) }
        return output
    }
}
