import Synchronization
import Threads

/// A value that goes up and down.
package final class Gauge: Instrument {
    package static let kind = MetricKind.gauge
    private let series: [UInt8]
    private let current = Lock(MetricValue.integer(0))

    package init(name: String, labels: [(key: String, value: String)], options: Void) {
        series = SeriesText.render(name, labels)
    }

    package func set(_ value: MetricValue) { current.withLock { $0 = value } }

    /// Adds to a whole number; what was no whole number starts from 0.
    package func add(_ amount: Int64) {
        current.withLock { current in
            guard case .integer(let value) = current else { return current = .integer(amount) }
            current = .integer(value &+ amount)
        }
    }

    package var value: MetricValue { current.withLock { $0 } }

    package func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: series)
        value.append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}
