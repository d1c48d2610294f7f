import LedgerCore

/// The rules of limits kept naively: everything ever held or spent, summed anew for every question.
struct NaiveLimits {
    struct Entry {
        let position: Int64
        let madeAt: Timestamp
        let payers: Set<QuotaSubject>
        var held: [LimitMeasure: Int128]
        var used: [LimitMeasure: Int128] = [:]
        /// What was charged without a reservation counts from when it is charged, whatever is set later.
        var isCharge = false
        /// Where its cost is recorded; a correction names it.
        var endedAt: Int64 = 0
    }

    /// One limit, and from when it counts.
    struct Counted {
        let limit: Limit
        let calendar: QuotaCalendar
        var start: Timestamp
        var end: Timestamp
        var since: Int64
        /// Whether it was set below what was used: then the bound binds only in the next window.
        var isExcused = false
    }

    var entries: [Int: Entry] = [:]
    var limits: [QuotaSubject: [Counted]] = [:]

    func sum(_ subject: QuotaSubject, _ counted: Counted) -> (used: Int128, reserved: Int128) {
        var sum: (used: Int128, reserved: Int128) = (0, 0)
        for entry in entries.values where entry.payers.contains(subject) && entry.madeAt >= counted.start {
            guard entry.position > counted.since else { continue }
            sum.used += entry.used[counted.limit.measure] ?? 0
            sum.reserved += entry.held[counted.limit.measure] ?? 0
        }
        return sum
    }

    mutating func roll(to now: Timestamp) {
        for (subject, known) in limits {
            limits[subject] = known.map { counted in
                guard now >= counted.end else { return counted }
                let window = counted.calendar.window(counted.limit.window, at: now)
                return Counted(
                    limit: counted.limit, calendar: counted.calendar, start: window.lowerBound,
                    end: window.upperBound, since: 0)
            }
        }
    }

    mutating func set(_ subject: QuotaSubject, _ quota: Quota, at now: Timestamp, position: Int64) {
        let before = limits[subject] ?? []
        limits[subject] = quota.allLimits.map { limit in
            let end = quota.calendar.window(limit.window, at: now).upperBound
            var counted = Counted(
                limit: limit, calendar: quota.calendar, start: now, end: end, since: position)
            let same = before.first { $0.limit.measure == limit.measure && $0.limit.window == limit.window }
            if let same {
                counted.start = same.start
                counted.since = same.since
            } else if subject.user != nil, limit.measure != .requests, limit.window != .hour {
                counted.start = limit.window == .month ? now.day.firstOfMonth.start : now.day.start
                counted.since = 0
            }
            let sum = sum(subject, counted)
            counted.isExcused = sum.used + sum.reserved > limit.amount
            return counted
        }
    }

    func admits(_ payers: Set<QuotaSubject>, _ asked: [LimitMeasure: Int128]) -> Bool {
        payers.allSatisfy { subject in
            (limits[subject] ?? []).allSatisfy { counted in
                let sum = sum(subject, counted)
                return sum.used + sum.reserved + (asked[counted.limit.measure] ?? 0) <= counted.limit.amount
            }
        }
    }
}
