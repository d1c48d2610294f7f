import Synchronization
import Threads

/// Observations counted into buckets, with their sum; usually seconds.
package final class Histogram: Instrument {
    package static let kind = MetricKind.histogram
    private let series: HistogramSeries
    private let state: Lock<Distribution>

    package init(name: String, labels: [(key: String, value: String)], options bounds: [Double]) {
        series = HistogramSeries(name, labels, bounds: bounds)
        state = Lock(Distribution(bounds: bounds))
    }

    /// Counts one observation.
    package func observe(_ value: Double) { state.withLock { $0.observe(value) } }

    /// Counts a duration measured by the monotonic clock, in seconds.
    package func observe(nanoseconds: Int64) { observe(Double(nanoseconds) / 1_000_000_000) }

    package var value: Distribution { state.withLock { $0 } }

    package func append(to bytes: inout [UInt8]) { series.append(value, to: &bytes) }
}
