/// The W3C `traceparent` that a request came with: what joins its log lines to those of other programs.
package struct TraceParent: Hashable, Sendable {
    /// The field's value, as it came.
    package let text: String
    /// The trace: 32 lower-case hexadecimal digits, not all of them 0.
    package var traceID: String { String(text.dropFirst(3).prefix(32)) }

    private static let bytesMax = 256
    private static let lengths = [2, 32, 16, 2]

    /// Reads the field of `headers`; nil when there is none, there are several, or it is none of the
    /// standard's.
    ///
    /// Versions to come may say more behind what version 00 has.
    package init?(_ headers: HTTPHeaders) {
        let values = headers.all("traceparent")
        guard values.count == 1, let text = values.first, text.utf8.count <= Self.bytesMax else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4 || parts.count > 4 && parts[0] != "00", parts[0] != "ff",
            zip(parts, Self.lengths).allSatisfy({ $0.utf8.count == $1 && $0.utf8.allSatisfy(Self.isDigit) }),
            parts[1...2].allSatisfy({ $0.contains { $0 != "0" } }),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension HTTPExchange {
    /// The trace that the request belongs to, as its client says.
    package var trace: TraceParent? { TraceParent(head.headers) }
}
