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
    /// Totals by user, kind, provider and model.
    package internal(set) var models: [ModelKey: UsageSums] = [:]

    /// Agent runs that ended or never began, by where they came from and how they ended.
    package internal(set) var dispatches: [DispatchKey: Int64] = [:]
    /// What agent runs used, memo and money alike, by provider and model: for showing, never to be added.
    package internal(set) var dispatchModels: [DispatchModelKey: UsageSums] = [:]

    /// A source and an end of agent runs.
    package struct DispatchKey: Hashable, Sendable {
        /// Where the runs came from.
        package let source: DispatchSource
        /// How they ended.
        package let status: DispatchStatus

        /// Creates a key.
        package init(source: DispatchSource, status: DispatchStatus) {
            self.source = source
            self.status = status
        }
    }

    /// A model in agent runs.
    package struct DispatchModelKey: Hashable, Sendable {
        /// The provider.
        package let provider: String
        /// The model.
        package let model: String

        /// Creates a key.
        package init(provider: String, model: String) {
            self.provider = provider
            self.model = model
        }
    }

    /// A user's calls to one model, or agent runs with it.
    package struct ModelKey: Hashable, Sendable {
        /// The user.
        package let user: UserID
        /// What is counted.
        package let kind: UsageKind
        /// The provider.
        package let provider: String
        /// The model that answered.
        package let model: String

        /// Creates a key.
        package init(user: UserID, kind: UsageKind = .call, provider: String, model: String) {
            self.user = user
            self.kind = kind
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
        let today = timestamp.day
        UsageDelta.each(of: recorded) { delta in
            if case .costAdjusted = recorded.event {
                users[delta.key.user, default: UserUsage(today)].correct(delta.sums, of: delta.key.hour.day)
            } else {
                users[delta.key.user, default: UserUsage(today)].add(delta.sums, on: today)
            }
            let key = ModelKey(
                user: delta.key.user, kind: delta.key.kind, provider: delta.key.provider,
                model: delta.key.model)
            models[key, default: UsageSums()].add(delta.sums)
        }
        switch recorded.event {
        case .dispatchCompleted(let event): count(event)
        case .dispatchRejected(let event): count(event.dispatch, .rejected)
        default: break
        }
    }

    private mutating func count(_ event: DispatchCompleted) {
        count(event.dispatch, DispatchStatus(event.result))
        event.eachModel { provider, model, sums in
            dispatchModels[DispatchModelKey(provider: provider, model: model), default: UsageSums()].add(sums)
        }
    }

    private mutating func count(_ dispatch: DispatchIdentity, _ status: DispatchStatus) {
        dispatches[DispatchKey(source: .label(of: dispatch.source), status: status), default: 0] &+= 1
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

    /// Adds to the windows that hold `day`, where they are still current.
    mutating func correct(_ sums: UsageSums, of day: Day) {
        if day == today { self.day.add(sums) }
        if day.firstOfMonth == today.firstOfMonth { month.add(sums) }
        total.add(sums)
    }

    /// The sums of the day that holds `now`.
    package func day(at now: Timestamp) -> UsageSums { now.day > today ? UsageSums() : day }

    /// The sums of the month that holds `now`.
    package func month(at now: Timestamp) -> UsageSums {
        now.day.firstOfMonth > today.firstOfMonth ? UsageSums() : month
    }
}
