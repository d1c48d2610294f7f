package import LedgerCore

/// A table of sums: how long its buckets are, and what it keeps apart.
///
/// The fewest rows first.
package enum RollupTable: CaseIterable, Sendable {
    case byModelDaily, byModelHourly, byUserMonthly, byUserDaily, daily, hourly

    /// Its name in the schema `ledger`.
    package var name: String {
        switch self {
        case .byModelDaily: "usage_by_model_daily"
        case .byModelHourly: "usage_by_model_hourly"
        case .byUserMonthly: "usage_by_user_monthly"
        case .byUserDaily: "usage_by_user_daily"
        case .daily: "usage_daily"
        case .hourly: "usage_hourly"
        }
    }

    /// How long a bucket of it is; nil: a month, which no breakdown asks for.
    var bucket: UsageBucketLength? {
        switch self {
        case .byModelDaily, .byUserDaily, .daily: .day
        case .byModelHourly, .hourly: .hour
        case .byUserMonthly: nil
        }
    }

    /// The start of the bucket that holds `time`.
    package func start(of time: Timestamp) -> Timestamp {
        bucket?.start(of: time) ?? time.day.firstOfMonth.start
    }

    /// What it keeps apart.
    package var dimensions: Set<UsageDimension> {
        switch self {
        case .byModelDaily, .byModelHourly: [.kind, .source, .provider, .model]
        case .byUserMonthly, .byUserDaily: [.user]
        case .daily, .hourly: Set(UsageDimension.allCases)
        }
    }

    /// The smallest one that answers `breakdown`.
    init(for breakdown: UsageBreakdown) {
        var needed = breakdown.dimensions
        if breakdown.user != nil { needed.insert(.user) }
        let fitting = Self.allCases.first {
            $0.bucket == breakdown.bucket && $0.dimensions.isSuperset(of: needed)
        }
        self = fitting ?? (breakdown.bucket == .day ? .daily : .hourly)
    }

    /// The column of `dimension`, or the empty text where it is not kept apart.
    func column(_ dimension: UsageDimension) -> String {
        guard dimensions.contains(dimension) else { return "''" }
        return dimension == .user ? "user_id" : dimension.rawValue
    }
}
