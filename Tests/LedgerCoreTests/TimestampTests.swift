import LedgerCore
import Testing

@Suite("Day")
struct DayTests {
    /// Walks the calendar by its own rules, one day at a time, next to the arithmetic under test.
    private struct Calendar {
        var year = 1
        var month = 1
        var day = 1

        var text: String {
            func pad(_ value: Int, _ width: Int) -> String {
                let text = String(value)
                return String(repeating: "0", count: max(width - text.count, 0)) + text
            }
            return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
        }

        var daysInMonth: Int {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        }

        mutating func startNextMonth() {
            (day, month) = (1, month + 1)
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }

    @Test("agrees with the calendar at every month's ends in 0001 to 9999, and every day of 1999 to 2032")
    func everyMonth() {
        var calendar = Calendar()
        var first: Int32 = -719_162
        var wrong: [String] = []
        while calendar.year < 10_000 {
            let length = calendar.daysInMonth
            for day in (1999...2032).contains(calendar.year) ? Array(1...length) : [1, length] {
                calendar.day = day
                let number = first + Int32(day) - 1
                let tested = Day(daysSince1970: number)
                if tested.text != calendar.text || Day(calendar.text.utf8) != tested
                    || tested.firstOfMonth.daysSince1970 != first
                    || tested.firstOfNextMonth.daysSince1970 != first + Int32(length)
                {
                    wrong.append(calendar.text)
                }
            }
            first += Int32(length)
            calendar.startNextMonth()
        }
        #expect(first == 2_932_897)
        #expect(wrong == [])
    }

    @Test(
        "refuses days that do not exist",
        arguments: [
            "2026-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01",
            "2026-1-01", "2026/01/01", "２026-01-01", "", "2026-01-011", "-001-01-01", "2026-01-32",
        ])
    func refuses(_ text: String) { #expect(Day(text.utf8) == nil) }

    @Test("accepts leap days", arguments: ["2024-02-29", "2000-02-29", "0004-02-29"])
    func leapDays(_ text: String) { #expect(Day(text.utf8)?.text == text) }
}

@Suite("Timestamp")
struct TimestampTests {
    static let known: [(text: String, microseconds: Int64)] = [
        ("1970-01-01T00:00:00.000000Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-24T22:00:00.123456Z", 1_795_557_600_123_456),
        ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ]

    @Test("reads and writes known moments", arguments: known)
    func readsAndWrites(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(text.utf8)?.microseconds == microseconds)
        #expect(Timestamp(microseconds: microseconds).text == text)
    }

    @Test("random moments survive the way through text")
    func roundTrip() {
        var seed = Seed(2)
        for round in 0..<20_000 {
            let time = Timestamp(microseconds: seed.number(-62_135_596_800_000_000...253_402_300_799_999_999))
            #expect(Timestamp(time.text.utf8) == time, "seed 2, round \(round)")
            #expect(time.day.start <= time && time < time.day.next.start, "seed 2, round \(round)")
            #expect(time.hour <= time && time.hour.day == time.day, "seed 2, round \(round)")
        }
    }

    @Test("fractions may be shorter")
    func fractions() throws {
        #expect(try moment("2026-01-01T00:00:00Z").text == "2026-01-01T00:00:00.000000Z")
        #expect(try moment("2026-01-01T00:00:00.5Z").text == "2026-01-01T00:00:00.500000Z")
        #expect(try moment("2026-01-01T00:00:00.00001Z").text == "2026-01-01T00:00:00.000010Z")
    }

    @Test(
        "refuses other texts",
        arguments: [
            "2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
            "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567Z", "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00z", "2026-01-01T00:00:0.5Z", "2026-01-01T-1:00:00Z", "",
        ])
    func refuses(_ text: String) { #expect(Timestamp(text.utf8) == nil) }

    @Test("moments out of range clamp instead of trapping")
    func clamps() {
        #expect(Timestamp(microseconds: .max).text == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: .min).text == "0001-01-01T00:00:00.000000Z")
        #expect(Timestamp(microseconds: .max).day.firstOfNextMonth.start == Timestamp(microseconds: .max))
        #expect(Timestamp(microseconds: .min).hour == Timestamp(microseconds: .min))
    }
}
