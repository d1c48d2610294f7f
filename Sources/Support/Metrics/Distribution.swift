/// What a histogram holds: observations counted by upper bound, and their sum.
///
/// A plain value, so that a projection can keep one and write it at scrape time.
package struct Distribution: Hashable, Sendable {
    /// Inclusive upper bounds, ascending; one more bucket takes what lies above.
    package let bounds: [Double]
    /// How many fell into each bucket, not cumulative; one longer than `bounds`.
    package private(set) var counts: [Int64]
    /// The sum of what was observed.
    package private(set) var sum = 0.0

    /// Bounds for the time of a request within this process, in seconds.
    package static let requestSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Bounds for model calls and agent runs, in seconds.
    package static let dispatchSeconds: [Double] = [
        0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800,
    ]

    package init(bounds: [Double]) {
        precondition(bounds.allSatisfy(\.isFinite), "+Inf is added by itself")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds ascend")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts one observation; a value that is not finite is not one, and is left out.
    package mutating func observe(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
