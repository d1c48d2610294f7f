/// What is used of one limit in its current window.
package struct Meter: Hashable, Sendable {
    /// The limit.
    package let limit: Limit
    /// Percentages at which a crossing is recorded.
    package let thresholds: [Int64]
    /// From when it counts: the window's start, but for a window in which the limit was set or its calendar
    /// changed.
    package internal(set) var start: Timestamp
    /// When the window ends.
    package internal(set) var end: Timestamp
    /// Where the limit was set, if calls that were open then are not counted; 0: they are.
    var since = Position(0)
    /// What ended calls came to.
    package internal(set) var used: Int128 = 0
    /// What open calls hold.
    package internal(set) var reserved: Int128 = 0
    /// What may be used of the limit where journals share it.
    package internal(set) var leased: Int128 = 0
    /// The highest threshold that was recorded as crossed; 0: none.
    package internal(set) var crossed: Int64 = 0

    /// Creates an empty meter.
    init(_ limit: Limit, thresholds: [Int64], from start: Timestamp, to end: Timestamp) {
        self.limit = limit
        self.thresholds = thresholds
        self.start = start
        self.end = end
    }

    /// This meter in the window that `now` falls in: empty when another one has begun.
    package func rolled(to now: Timestamp, in calendar: QuotaCalendar) -> Meter {
        guard now >= end else { return self }
        let window = calendar.window(limit.window, at: now)
        return Meter(limit, thresholds: thresholds, from: window.lowerBound, to: window.upperBound)
    }

    /// What is left: never less than nothing.
    package var left: Int128 { max(limit.amount.clampedSum(-used.clampedSum(reserved)), 0) }

    /// Whether `amount` still fits.
    func admits(_ amount: Int128) -> Bool {
        used.clampedSum(reserved).clampedSum(amount) <= limit.amount
    }

    /// The thresholds that are reached with `amount` more, and are not recorded.
    func crossings(with amount: Int128) -> [Int64] {
        guard limit.amount > 0, let highest = thresholds.last, highest > crossed else { return [] }
        let sum = used.clampedSum(amount)
        guard sum > 0 else { return [] }
        return thresholds.filter { $0 > crossed && sum >= limit.reached(at: $0) }
    }

    /// Whether `reservation` is counted.
    func counts(_ reservation: Reservation) -> Bool {
        counts(from: reservation.position, at: reservation.madeAt)
    }

    /// Whether what began to count at `position` and `time` is counted.
    func counts(from position: Position, at time: Timestamp) -> Bool {
        start <= time && since < position
    }

    mutating func hold(_ amount: Int128) { reserved = reserved.clampedSum(amount) }

    mutating func settle(holding held: Int128, using amount: Int128) {
        reserved = reserved.clampedSum(-max(held, -.max))
        used = used.clampedSum(amount)
    }
}

/// The meters of one subject, a limit each.
package struct SubjectMeters: Hashable, Sendable {
    /// What says where windows begin.
    package let calendar: QuotaCalendar
    /// One for each limit, in the quota's order.
    package internal(set) var meters: [Meter]

    /// The meters in the windows that `now` falls in.
    package func rolled(to now: Timestamp) -> [Meter] { meters.map { $0.rolled(to: now, in: calendar) } }

    mutating func roll(to now: Timestamp) {
        for index in meters.indices where now >= meters[index].end {
            meters[index] = meters[index].rolled(to: now, in: calendar)
        }
    }
}

extension Int128 {
    /// Adds, and stays at the end of the range instead of leaving it.
    func clampedSum(_ other: Int128) -> Int128 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
