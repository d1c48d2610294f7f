/// Wall time as RFC 3339 text in UTC, with microseconds.
package enum UTCTime {
    private static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let daysPerEra: Int64 = 146_097  // 400 years

    /// Returns `2026-01-31T23:59:59.000001Z`.
    package static func text(microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        append(microseconds: microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `2026-01-31T23:59:59.000001Z`.
    static func append(microseconds: Int64, to bytes: inout [UInt8]) {
        let days = floorDivide(microseconds, microsecondsPerDay)
        let rest = microseconds - days * microsecondsPerDay
        let (year, month, day) = civil(days)
        let seconds = rest / 1_000_000
        append(year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(seconds / 3600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(rest % 1_000_000, digits: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The date of a day counted from 1970-01-01, by eras of 400 years that start on 1 March.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, daysPerEra)
        let dayOfEra = shifted - era * daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        let text = String(value).utf8
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.count)))
        bytes.append(contentsOf: text)
    }
}
