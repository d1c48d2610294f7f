/// A calendar day in UTC (proleptic Gregorian).
package struct Day: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    package let daysSince1970: Int32

    /// Creates a day from its distance to 1970-01-01.
    package init(daysSince1970: Int32) { self.daysSince1970 = daysSince1970 }

    package static func < (left: Day, right: Day) -> Bool { left.daysSince1970 < right.daysSince1970 }

    /// The first moment of the day.
    package var start: Timestamp {
        Timestamp(microseconds: Int64(daysSince1970) * Timestamp.microsecondsPerDay)
    }

    /// Days since 1970-01-01, for sums.
    var ordinal: Int64 { Int64(daysSince1970) }

    /// The calendar year.
    var year: Int64 { civil.year }

    /// The day after.
    package var next: Day { Day(daysSince1970: daysSince1970 + 1) }

    /// The first day of this day's month.
    package var firstOfMonth: Day { Day(daysSince1970: daysSince1970 - Int32(civil.day) + 1) }

    /// The first day of the month after.
    package var firstOfNextMonth: Day {
        // The 32nd day after the first is always in the next month.
        Day(daysSince1970: firstOfMonth.daysSince1970 + 32).firstOfMonth
    }

    /// `2026-11-24`.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``text``.
    package func append(to bytes: inout [UInt8]) {
        let (year, month, day) = civil
        appendDigits(year, width: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(month, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(day, width: 2, to: &bytes)
    }

    /// Reads `YYYY-MM-DD`; nil for any other text and for days that do not exist.
    package init?(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10])
        else { return nil }
        self.init(checkingYear: year, month: month, day: day)
    }

    /// The day with these numbers; nil when there is none.
    init?(checkingYear year: Int64, month: Int64, day: Int64) {
        guard year >= 1, (1...12).contains(month), (1...31).contains(day) else { return nil }
        self.init(year: year, month: month, day: day)
        guard civil == (year, month, day) else { return nil }
    }

    /// Days from civil, after Howard Hinnant's public algorithm: years start in March, eras last 400 years.
    private init(year: Int64, month: Int64, day: Int64) {
        let marchYear = month <= 2 ? year - 1 : year
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSince1970 = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    /// Year, month and day of the month; the inverse of the initialiser above.
    private var civil: (year: Int64, month: Int64, day: Int64) {
        let shifted = Int64(daysSince1970) + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
