package import LedgerCore

/// What an hourly sum is of: the key of `usage_hourly` within one origin.
package struct HourlyKey: Hashable, Sendable {
    /// Who is charged.
    package var user: String
    /// The start of the hour.
    package var hour: Timestamp
    /// What is counted, for example `call`.
    package var kind: String
    /// Where the work came from, or empty.
    package var source: String
    /// Whose model answered, or empty.
    package var provider: String
    /// Which model answered, or empty.
    package var model: String

    /// Creates a key; `time` is cut to its hour.
    package init(
        user: String, time: Timestamp, kind: String, source: String = "", provider: String = "",
        model: String = ""
    ) {
        self.user = user
        hour = time.hour
        self.kind = kind
        self.source = source
        self.provider = provider
        self.model = model
    }
}

extension HourlyKey: Comparable {
    /// The order in which rows are touched: one for all writers, so that they cannot wait for each other in a
    /// ring.
    package static func < (left: HourlyKey, right: HourlyKey) -> Bool {
        (left.user, left.hour, left.kind, left.source, left.provider, left.model)
            < (right.user, right.hour, right.kind, right.source, right.provider, right.model)
    }
}
