/// A clock's rule as POSIX writes it in `TZ`: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// It holds for all years, so a text of a few bytes says all that a zone does from now on.
package struct PosixZone: Hashable, Sendable {
    /// Seconds east of UTC while no other time is kept.
    let standardOffset: Int64
    /// The other time of the year; nil: none.
    let daylight: Daylight?

    struct Daylight: Hashable, Sendable {
        let offset: Int64
        let begin: Change
        let end: Change
    }

    /// When the clock changes: a day of each year, and seconds of that day by the clock before the change.
    struct Change: Hashable, Sendable {
        let day: ChangeDay
        let seconds: Int64
    }

    enum ChangeDay: Hashable, Sendable {
        /// `Mm.w.d`: the w-th weekday d of month m; the fifth is the last.
        case weekday(month: Int64, week: Int64, weekday: Int64)
        /// `Jn`: day n of a year, 29 February never counted.
        case withoutLeapDay(Int64)
        /// `n`: day n of a year, from 0, 29 February counted.
        case zeroBased(Int64)
    }

    /// Reads `text`; nil when it is not in the form of POSIX, with RFC 8536's times beyond a day.
    package init?(_ text: String) {
        guard (1...Self.bytesMax).contains(text.utf8.count) else { return nil }
        var reader = PosixZoneReader(text)
        guard reader.name(), let west = reader.offset(hoursMax: 24) else { return nil }
        standardOffset = -west
        guard !reader.isAtEnd else {
            daylight = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standardOffset + 3600
        if !reader.isNext(",") {
            guard let west = reader.offset(hoursMax: 24) else { return nil }
            offset = -west
        }
        guard let begin = reader.change(), let end = reader.change(), reader.isAtEnd else { return nil }
        daylight = Daylight(offset: offset, begin: begin, end: end)
    }

    /// The longest text that is read.
    package static let bytesMax = 128

    /// Seconds east of UTC at `seconds` since 1970.
    package func offset(at seconds: Int64) -> Int64 {
        guard let daylight else { return standardOffset }
        let year = Day(daysSince1970: clampedDay(seconds + standardOffset)).year
        let begin = daylight.begin.seconds(in: year) - standardOffset
        let end = daylight.end.seconds(in: year) - daylight.offset
        let isDaylight = begin < end ? (begin..<end).contains(seconds) : !(end..<begin).contains(seconds)
        return isDaylight ? daylight.offset : standardOffset
    }
}

extension PosixZone.Change {
    /// Seconds from 1970 to the change in `year`, as the clock counts before it.
    func seconds(in year: Int64) -> Int64 {
        let first = Day(checkingYear: year, month: 1, day: 1)?.ordinal ?? 0
        let number: Int64
        switch day {
        case .weekday(let month, let week, let weekday):
            let start = Day(checkingYear: year, month: month, day: 1) ?? Day(daysSince1970: 0)
            let next = start.firstOfNextMonth.ordinal
            // 1970-01-01 was a Thursday.
            let ahead = (weekday - (start.ordinal + 4) % 7 + 14) % 7
            let wanted = start.ordinal + ahead + 7 * (week - 1)
            number = wanted < next ? wanted : wanted - 7
        case .withoutLeapDay(let of365):
            let isLeap = Day(checkingYear: year, month: 2, day: 29) != nil
            number = first + of365 - 1 + (isLeap && of365 >= 60 ? 1 : 0)
        case .zeroBased(let ofYear): number = first + ofYear
        }
        return number * 86_400 + seconds
    }
}

/// The day of `seconds` since 1970, within the years that a timestamp has.
func clampedDay(_ seconds: Int64) -> Int32 {
    Int32(clamping: min(max(floorDivide(seconds, 86_400), -719_162), 2_932_896))
}
