/// Sums by hour, user, kind, source, provider and model: the rows of `usage_hourly`.
package struct HourlyRollup: Hashable, Sendable {
    /// The sums.
    package private(set) var rows: [RollupKey: UsageSums] = [:]

    /// Creates an empty rollup.
    package init() {}

    /// Folds one recorded event in.
    package mutating func evolve(_ recorded: RecordedEvent) {
        guard let delta = UsageDelta(of: recorded) else { return }
        rows[delta.key, default: UsageSums()].add(delta.sums)
    }
}
