import Synchronization
import Threads

/// A whole number that only grows; increments are exact from any thread.
package final class Counter: Instrument {
    package static let kind = MetricKind.counter
    private let series: [UInt8]
    private let count = Atomic<Int64>(0)

    package init(name: String, labels: [(key: String, value: String)], options: Void) {
        series = SeriesText.render(name, labels)
    }

    /// Adds `amount`; a negative one is ignored, because a counter never falls.
    package func increment(by amount: Int64 = 1) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: Int64 { count.load(ordering: .relaxed) }

    package func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: series)
        MetricValue.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// An exact decimal that only grows: money.
package final class DecimalCounter: Instrument {
    package static let kind = MetricKind.counter
    private let series: [UInt8]
    private let total = Lock(ExactDecimal(attos: 0))

    package init(name: String, labels: [(key: String, value: String)], options: Void) {
        series = SeriesText.render(name, labels)
    }

    /// Adds `amount`; a negative one is ignored, because a counter never falls.
    package func increment(by amount: ExactDecimal) {
        guard amount.attos > 0 else { return }
        total.withLock { $0 = $0.saturatingAdd(amount) }
    }

    package var value: ExactDecimal { total.withLock { $0 } }

    package func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: series)
        value.append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}
