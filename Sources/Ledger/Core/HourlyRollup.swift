/// Sums by hour, user, kind, source, provider and model: the rows of `usage_hourly`.
package struct HourlyRollup: Hashable, Sendable {
    /// The sums.
    package private(set) var rows: [RollupKey: UsageSums] = [:]

    /// Creates an empty rollup.
    package init() {}

    /// Folds one recorded event in.
    package mutating func evolve(_ recorded: RecordedEvent) {
        UsageDelta.each(of: recorded) { rows[$0.key, default: UsageSums()].add($0.sums) }
    }
}
