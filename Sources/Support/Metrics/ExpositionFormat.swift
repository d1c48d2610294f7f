/// The two text formats that a scraper may ask for.
package enum ExpositionFormat: Hashable, Sendable, CaseIterable {
    /// Prometheus text 0.0.4, what everything reads.
    case prometheusText
    /// OpenMetrics 1.0.
    case openMetrics

    /// The exact `Content-Type` of an answer in this format.
    package var contentType: String {
        switch self {
        case .prometheusText: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// Chooses by an `Accept` header: OpenMetrics when it is asked for at least as much as plain text.
    ///
    /// Wildcards, a missing header and versions that are not written here get the plain text.
    package static func negotiate(accept: String?) -> ExpositionFormat {
        guard let accept else { return .prometheusText }
        var openMetrics = 0
        var text = 0
        for range in accept.utf8.prefix(acceptBytesMax).split(separator: UInt8(ascii: ",")) {
            let parts = range.split(separator: UInt8(ascii: ";")).map(trimmedLowercase)
            let quality = parts.lazy.filter { $0.hasPrefix("q=") }.first.map { thousandths($0.dropFirst(2)) }
            let version = parts.first { $0.hasPrefix("version=") }.map {
                $0.dropFirst(8).filter { $0 != "\"" }
            }
            switch parts.first {
            case "application/openmetrics-text" where version == nil || version == "1.0.0":
                openMetrics = max(openMetrics, quality ?? 1000)
            case "text/plain": text = max(text, quality ?? 1000)
            default: continue
            }
        }
        return openMetrics > 0 && openMetrics >= text ? .openMetrics : .prometheusText
    }

    private static let acceptBytesMax = 4096

    private static func trimmedLowercase(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return String(decoding: trimmed, as: UTF8.self).lowercased()
    }

    /// Reads a quality value (`0`, `0.75`, `1.000`) as thousandths; 0 for nonsense.
    private static func thousandths(_ text: some StringProtocol) -> Int {
        guard let value = ExactDecimal(text), value.attos >= 0 else { return 0 }
        return Int(min(value.attos / 1_000_000_000_000_000, 1000))
    }
}
