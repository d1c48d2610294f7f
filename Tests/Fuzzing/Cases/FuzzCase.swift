/// A reader of bytes that come from outside, and what must hold whatever the bytes are.
package enum FuzzCase: String, CaseIterable, Sendable {
    /// Server-sent event streams, as they are cut into events and filtered.
    case sse
    /// Answers of model APIs, as their usage is read.
    case usage
    /// Price book files.
    case prices
    /// Lines of the journal.
    case line
    /// Heads of HTTP requests.
    case head

    /// Reads `bytes`.
    ///
    /// - Returns: what does not hold; nil: all is well. A crash is for the caller to see.
    package func complaint(about bytes: [UInt8]) -> String? {
        switch self {
        case .sse: SSEFuzz.complaint(about: bytes)
        case .usage: UsageFuzz.complaint(about: bytes)
        case .prices: PricesFuzz.complaint(about: bytes)
        case .line: LineFuzz.complaint(about: bytes)
        case .head: HeadFuzz.complaint(about: bytes)
        }
    }
}
