import Synchronization
import Threads

/// One render shared by everyone who scrapes within a short time.
///
/// Many scrapers then cost as much as one. Whoever comes while a render runs waits for it and takes its text.
package final class SharedScrape: Sendable {
    private let ageNanosecondsMax: Int64
    private let render: @Sendable (ExpositionFormat) -> [UInt8]
    private let kept = Lock<[ExpositionFormat: Text]>([:])

    private struct Text: Sendable {
        let bytes: [UInt8]
        let renderedAtNanoseconds: Int64
    }

    package init(
        ageMillisecondsMax: Int64 = 250, render: @escaping @Sendable (ExpositionFormat) -> [UInt8]
    ) {
        ageNanosecondsMax = ageMillisecondsMax * 1_000_000
        self.render = render
    }

    /// The text, rendered now or at most `ageMillisecondsMax` before `nowNanoseconds` of the monotonic clock.
    package func text(_ format: ExpositionFormat, nowNanoseconds: Int64) -> [UInt8] {
        kept.withLock { kept in
            if let text = kept[format], nowNanoseconds - text.renderedAtNanoseconds < ageNanosecondsMax {
                return text.bytes
            }
            let bytes = render(format)
            kept[format] = Text(bytes: bytes, renderedAtNanoseconds: nowNanoseconds)
            return bytes
        }
    }
}
