/// What is asked of the sums by time: a range, its buckets, and what to keep apart.
package struct UsageBreakdown: Hashable, Sendable {
    /// The first moment; the start of a bucket.
    package let from: Timestamp
    /// The moment after the last; the start of a bucket.
    package let to: Timestamp
    /// How long a bucket is.
    package let bucket: UsageBucketLength
    /// What is kept apart; the rest is summed up.
    package let dimensions: Set<UsageDimension>
    /// Only this user's; nil: everybody's.
    package let user: UserID?

    /// Creates a breakdown of the buckets that the range touches.
    package init(
        from: Timestamp, to: Timestamp, bucket: UsageBucketLength, dimensions: Set<UsageDimension>,
        user: UserID? = nil
    ) {
        self.from = bucket.start(of: from)
        self.to = bucket.end(of: to)
        self.bucket = bucket
        self.dimensions = dimensions
        self.user = user
    }

    /// The group that `key` falls into in the bucket that begins at `start`.
    package func group(_ key: RollupKey, at start: Timestamp) -> UsageGroup {
        UsageGroup(key, at: start, by: dimensions)
    }
}

/// What usage can be kept apart by.
package enum UsageDimension: String, CaseIterable, Sendable {
    case user, kind, source, provider, model
}

/// How long a bucket of time is.
package enum UsageBucketLength: String, CaseIterable, Sendable {
    case hour = "1h"
    case day = "1d"

    /// The start of the bucket that holds `time`.
    package func start(of time: Timestamp) -> Timestamp {
        switch self {
        case .hour: time.hour
        case .day: time.day.start
        }
    }

    /// `time` when a bucket begins there; else the start of the next.
    func end(of time: Timestamp) -> Timestamp {
        let start = start(of: time)
        guard start < time else { return time }
        switch self {
        case .hour: return Timestamp(microseconds: start.microseconds + 3_600_000_000)
        case .day: return time.day.next.start
        }
    }
}

/// One bucket of time and what is kept apart in it; what is not is empty.
package struct UsageGroup: Hashable, Comparable, Sendable {
    /// The bucket's first moment.
    package let start: Timestamp
    /// Who pays.
    package let user: String
    /// What was used, as ``UsageKind`` has it.
    package let kind: String
    /// Where it came from.
    package let source: String
    /// The provider.
    package let provider: String
    /// The model.
    package let model: String

    /// Creates a group.
    package init(
        start: Timestamp, user: String, kind: String, source: String, provider: String, model: String
    ) {
        self.start = start
        self.user = user
        self.kind = kind
        self.source = source
        self.provider = provider
        self.model = model
    }

    /// What `key` falls into in the bucket that begins at `start`, where `dimensions` are kept apart.
    package init(_ key: RollupKey, at start: Timestamp, by dimensions: Set<UsageDimension>) {
        self.init(
            start: start, user: dimensions.contains(.user) ? key.user.text : "",
            kind: dimensions.contains(.kind) ? key.kind.rawValue : "",
            source: dimensions.contains(.source) ? key.source : "",
            provider: dimensions.contains(.provider) ? key.provider : "",
            model: dimensions.contains(.model) ? key.model : "")
    }

    package static func < (left: UsageGroup, right: UsageGroup) -> Bool {
        if left.start != right.start { return left.start < right.start }
        if left.user != right.user { return left.user < right.user }
        return (left.kind, left.source, left.provider, left.model)
            < (right.kind, right.source, right.provider, right.model)
    }
}
