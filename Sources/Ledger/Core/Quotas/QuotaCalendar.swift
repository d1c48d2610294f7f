/// The windows that a quota's limits are counted in: a pure function of the time and what was recorded.
///
/// Windows of one kind follow each other without gaps. Where a clock is set back over midnight, the day
/// begins once, the first time; where it skips midnight, the day begins at the change.
package struct QuotaCalendar: Hashable, Sendable {
    /// The zone whose clock says when a day begins.
    package let zone: ZoneRule
    /// The weekday that a week begins on, 1 (Monday) to 7.
    package let weekStart: Int64

    /// Days of UTC, weeks from Monday on.
    package static let utc = QuotaCalendar(zone: .utc)

    /// Creates a calendar; `weekStart` is 1 (Monday) to 7.
    package init(zone: ZoneRule, weekStart: Int64 = 1) {
        self.zone = zone
        self.weekStart = min(max(weekStart, 1), 7)
    }

    /// The window that holds `time`.
    package func window(_ window: LimitWindow, at time: Timestamp) -> Range<Timestamp> {
        let seconds = floorDivide(time.microseconds, 1_000_000)
        let bounds =
            switch window {
            case .hour: hour(seconds)
            case .day, .week, .month: days(window, seconds)
            }
        let start = Timestamp(microseconds: bounds.lowerBound * 1_000_000)
        return start..<max(Timestamp(microseconds: bounds.upperBound * 1_000_000), start)
    }

    /// The hour of the zone's clock, cut where the clock is changed.
    private func hour(_ seconds: Int64) -> Range<Int64> {
        let offset = zone.offset(at: seconds)
        var start = floorDivide(seconds + offset, 3600) * 3600 - offset
        var end = start + 3600
        if zone.offset(at: start) != offset { start = change(in: start...seconds) }
        if zone.offset(at: end - 1) != offset { end = change(in: seconds...(end - 1)) }
        return start..<end
    }

    private func days(_ window: LimitWindow, _ seconds: Int64) -> Range<Int64> {
        var today = Day(daysSince1970: clampedDay(seconds + zone.offset(at: seconds)))
        if beginning(of: today) > seconds { today = Day(daysSince1970: today.daysSince1970 - 1) }
        if beginning(of: today.next) <= seconds { today = today.next }
        switch window {
        case .week:
            // 1970-01-01 was a Thursday, the fourth day.
            let since = Int32((today.ordinal + 3 - (weekStart - 1) + 7 * 400_000) % 7)
            let first = Day(daysSince1970: today.daysSince1970 - since)
            return beginning(of: first)..<beginning(of: Day(daysSince1970: first.daysSince1970 + 7))
        case .month: return beginning(of: today.firstOfMonth)..<beginning(of: today.firstOfNextMonth)
        case .hour, .day: return beginning(of: today)..<beginning(of: today.next)
        }
    }

    /// The first second of `day` by the zone's clock.
    private func beginning(of day: Day) -> Int64 {
        let midnight = day.ordinal * 86_400
        // Clocks are changed once in two days at most: before that change one offset holds, then the other.
        let before = zone.offset(at: midnight - 86_400)
        let after = zone.offset(at: midnight + 86_400)
        if before == after || zone.offset(at: midnight - before) == before { return midnight - before }
        if zone.offset(at: midnight - after) == after { return midnight - after }
        // The clock passes over midnight.
        return change(in: (midnight - after)...(midnight - before))
    }

    /// The first second of `range` at which the offset is the one of its end.
    private func change(in range: ClosedRange<Int64>) -> Int64 {
        let wanted = zone.offset(at: range.upperBound)
        var (low, high) = (range.lowerBound, range.upperBound)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if zone.offset(at: middle) == wanted { high = middle } else { low = middle }
        }
        return high
    }
}

/// The kinds of windows that limits are counted in.
package enum LimitWindow: String, CaseIterable, Sendable {
    case hour
    case day
    case week
    case month
}
