/// Each user's sums by window and each model's totals: what gauges, quota answers and the live pages show.
///
/// Windows are UTC days and months of the time at which events were recorded. The size is bounded by users ×
/// models.
package struct UsageProjection: Hashable, Sendable {
    /// The last event folded in.
    package internal(set) var position = Position(0)
    /// The time of that event.
    package internal(set) var timestamp = Timestamp(microseconds: 0)
    /// Sums by user.
    package internal(set) var users: [UserID: UserUsage] = [:]
    /// Totals by user, provider and model.
    package internal(set) var models: [ModelKey: UsageSums] = [:]

    /// A user's calls to one model.
    package struct ModelKey: Hashable, Sendable {
        /// The user.
        package let user: UserID
        /// The provider.
        package let provider: String
        /// The model that answered.
        package let model: String

        /// Creates a key.
        package init(user: UserID, provider: String, model: String) {
            self.user = user
            self.provider = provider
            self.model = model
        }
    }

    /// Creates the projection of nothing.
    package init() {}

    /// Folds one recorded event in.
    package mutating func evolve(_ recorded: RecordedEvent) {
        position = recorded.position
        timestamp = max(timestamp, recorded.timestamp)
        guard let delta = UsageDelta(of: recorded) else { return }
        let today = timestamp.day
        users[delta.key.user, default: UserUsage(today)].add(delta.sums, on: today)
        let key = ModelKey(user: delta.key.user, provider: delta.key.provider, model: delta.key.model)
        models[key, default: UsageSums()].add(delta.sums)
    }
}

/// One user's sums: the current day, the current month, and for ever.
package struct UserUsage: Hashable, Sendable {
    /// The day of the last event.
    package internal(set) var today: Day
    /// Sums of that day.
    package internal(set) var day = UsageSums()
    /// Sums of that day's month.
    package internal(set) var month = UsageSums()
    /// Sums since the first event.
    package internal(set) var total = UsageSums()

    init(_ today: Day) { self.today = today }

    mutating func add(_ sums: UsageSums, on day: Day) {
        if day > today {
            self.day = UsageSums()
            if day.firstOfMonth > today.firstOfMonth { month = UsageSums() }
            today = day
        }
        self.day.add(sums)
        month.add(sums)
        total.add(sums)
    }

    /// The sums of the day that holds `now`.
    package func day(at now: Timestamp) -> UsageSums { now.day > today ? UsageSums() : day }

    /// The sums of the month that holds `now`.
    package func month(at now: Timestamp) -> UsageSums {
        now.day.firstOfMonth > today.firstOfMonth ? UsageSums() : month
    }
}
