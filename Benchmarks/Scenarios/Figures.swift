import Lifecycle

/// What one scenario measured: names and numbers, printed as one JSON line.
struct Figures {
    private let scenario: String
    private var numbers: [(String, Double)] = []

    /// Figures of `scenario`.
    init(_ scenario: String) { self.scenario = scenario }

    /// Adds a number.
    mutating func add(_ name: String, _ value: Double) { numbers.append((name, value)) }

    /// Adds how many of something were done in `nanoseconds`, and the time for one.
    mutating func add(count: Int64, of unit: String, nanoseconds: Int64) {
        add(unit, Double(count))
        add("seconds", Double(nanoseconds) / 1e9)
        add("\(unit)PerSecond", (Double(count) * 1e9 / Double(max(nanoseconds, 1))).rounded())
        add("nanosecondsEach", (Double(nanoseconds) / Double(max(count, 1))).rounded())
    }

    /// Adds the median and the 99th percentile of `latencies`, in microseconds; `kind` begins their names.
    mutating func add(latencies: [Int64], of kind: String = "") {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return }
        add(
            kind.isEmpty ? "p50Microseconds" : "\(kind)P50Microseconds",
            Double(sorted[sorted.count / 2]) / 1000)
        add(
            kind.isEmpty ? "p99Microseconds" : "\(kind)P99Microseconds",
            Double(sorted[min(sorted.count * 99 / 100, sorted.count - 1)]) / 1000)
    }

    /// The JSON line.
    var line: String {
        let fields = numbers.map { name, value in
            let isWhole = value == value.rounded() && value.magnitude < 1e15
            return "\"\(name)\":\(isWhole ? "\(Int64(value))" : "\(value)")"
        }
        return "{\"scenario\":\"\(scenario)\",\(fields.joined(separator: ","))}"
    }
}

/// Times a stretch of work on the monotonic clock.
struct Stopwatch {
    private let began = SystemClock.monotonicNanoseconds()

    /// Nanoseconds since it was made.
    var nanoseconds: Int64 { SystemClock.monotonicNanoseconds() - began }
}
