package import LedgerCore

/// Sums by UTC hour and day, user, kind, source, provider and model: the fold of the whole journal.
///
/// Hours are kept for ``hourDays`` days, days for ``daysMax``. A copy costs little: it shares every bucket
/// that does not change.
package struct UsageHistory: Sendable {
    /// The last event folded in.
    package private(set) var position = Position(0)
    /// The latest refusals, the last one last, at most ``refusalsMax``.
    package private(set) var refusals: [RecordedEvent] = []
    private var hours: [Timestamp: Bucket] = [:]
    private var days: [Timestamp: Bucket] = [:]
    /// Keys without their hour, so that equal names share their memory.
    private var keys: Set<RollupKey> = []

    /// For how many days back hours are kept apart.
    package static let hourDays: Int32 = 92
    /// For how many days back days are kept apart: ten years.
    package static let daysMax: Int32 = 3_653
    /// How many refusals are kept.
    package static let refusalsMax = 20

    /// One hour's or day's sums.
    struct Bucket: Sendable {
        var rows: [RollupKey: UsageSums] = [:]
        var lastPosition = Position(0)
    }

    /// Creates the fold of nothing.
    package init() {}

    /// Folds one recorded event in.
    package mutating func evolve(_ recorded: RecordedEvent) {
        position = recorded.position
        switch recorded.event {
        case .callRejected, .dispatchRejected:
            if refusals.count >= Self.refusalsMax { refusals.removeFirst() }
            refusals.append(recorded)
        default: break
        }
        UsageDelta.each(of: recorded) { delta in
            let key = keys.insert(delta.key.timeless).memberAfterInsert
            // A correction counts in the hour of what it corrects.
            let hour = delta.key.hour
            let day = hour.day.start
            defer { if hour < recorded.timestamp.hour { forget(before: recorded.timestamp.day) } }
            if hours[hour] == nil { forget(before: recorded.timestamp.day) }
            hours[hour, default: Bucket()].add(delta.sums, key, recorded.position)
            days[day, default: Bucket()].add(delta.sums, key, recorded.position)
        }
    }

    /// The sums that `breakdown` asks for; nil when there are more than `rowsMax`.
    ///
    /// - Complexity: linear in the rows of its buckets.
    package func usage(_ breakdown: UsageBreakdown, rowsMax: Int) -> [UsageGroup: UsageSums]? {
        var sums: [UsageGroup: UsageSums] = [:]
        for (start, bucket) in buckets(of: breakdown) {
            for (key, row) in bucket.rows where breakdown.user == nil || breakdown.user == key.user {
                sums[breakdown.group(key, at: start), default: UsageSums()].add(row)
            }
            if sums.count > rowsMax { return nil }
        }
        return sums
    }

    /// The last event that counts in what `breakdown` asks for.
    package func lastPosition(in breakdown: UsageBreakdown) -> Position {
        buckets(of: breakdown).map(\.1.lastPosition).max() ?? Position(0)
    }

    private func buckets(of breakdown: UsageBreakdown) -> [(Timestamp, Bucket)] {
        let all = breakdown.bucket == .hour ? hours : days
        return all.filter { $0.key >= breakdown.from && $0.key < breakdown.to }.map { ($0.key, $0.value) }
    }

    private mutating func forget(before today: Day) {
        let firstHour = Day(daysSince1970: today.daysSince1970 - Self.hourDays).start
        let firstDay = Day(daysSince1970: today.daysSince1970 - Self.daysMax).start
        for hour in hours.keys where hour < firstHour { hours[hour] = nil }
        for day in days.keys where day < firstDay { days[day] = nil }
    }
}

extension UsageHistory.Bucket {
    fileprivate mutating func add(_ sums: UsageSums, _ key: RollupKey, _ position: Position) {
        rows[key, default: UsageSums()].add(sums)
        lastPosition = position
    }
}

extension RollupKey {
    /// This key without its hour.
    fileprivate var timeless: RollupKey {
        RollupKey(
            hour: Timestamp(microseconds: 0), user: user, kind: kind, source: source, provider: provider,
            model: model)
    }
}
