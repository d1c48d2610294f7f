import LedgerCore
import Testing

/// One zone of the golden file: what a TZif file says of it, and windows that Python's zoneinfo found.
struct ZoneWindows: CustomTestStringConvertible {
    let calendar: QuotaCalendar
    /// A moment, then the bounds of its hour, day, week and month.
    var windows: [[Int64]] = []

    var testDescription: String { calendar.zone.name }

    /// Reads `Tests/Golden/zones.txt`, made by `script/zone-windows`.
    static func read() throws -> [ZoneWindows] {
        let text = String(decoding: try golden("zones.txt"), as: UTF8.self)
        var zones: [ZoneWindows] = []
        var head: (name: String, rule: String, weekStart: Int64)?
        var changes: [ZoneTransition] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "zone":
                head = (words[1], words[2], try #require(Int64(words[3])))
                changes = []
            case "change":
                changes.append(
                    ZoneTransition(at: try #require(Int64(words[1])), offset: try #require(Int64(words[2]))))
            default:
                if let read = head {
                    let zone = try #require(
                        ZoneRule(name: read.name, rule: read.rule, transitions: changes), "\(read.name)")
                    zones.append(
                        ZoneWindows(calendar: QuotaCalendar(zone: zone, weekStart: read.weekStart)))
                    head = nil
                }
                zones[zones.count - 1].windows.append(words.dropFirst().compactMap { Int64($0) })
            }
        }
        return zones
    }
}

@Suite("QuotaCalendar")
struct QuotaCalendarTests {
    private func seconds(_ time: Timestamp) -> Int64 { time.microseconds / 1_000_000 }

    @Test("windows are those that Python's zoneinfo has")
    func windows() throws {
        let zones = try ZoneWindows.read()
        #expect(zones.count >= 40)
        for zone in zones {
            for figures in zone.windows {
                try #require(figures.count == 9)
                let time = Timestamp(microseconds: figures[0] * 1_000_000)
                for (number, window) in LimitWindow.allCases.enumerated() {
                    let found = zone.calendar.window(window, at: time)
                    let expected = [figures[1 + 2 * number], figures[2 + 2 * number]]
                    #expect(
                        [seconds(found.lowerBound), seconds(found.upperBound)] == expected,
                        "\(zone.testDescription), \(window) of \(time.text)")
                }
            }
        }
    }

    @Test("windows follow each other without gaps, and hold the moment that they are asked for")
    func tiles() throws {
        for zone in try ZoneWindows.read() {
            for window in LimitWindow.allCases {
                var time = try moment("2026-10-20T00:00:00Z")
                for _ in 0..<(window == .hour ? 400 : 30) {
                    let found = zone.calendar.window(window, at: time)
                    #expect(found.contains(time), "\(zone.testDescription), \(window) of \(time.text)")
                    let last = Timestamp(microseconds: found.upperBound.microseconds - 1)
                    #expect(zone.calendar.window(window, at: last) == found)
                    let next = zone.calendar.window(window, at: found.upperBound)
                    #expect(next.lowerBound == found.upperBound)
                    time = found.upperBound
                }
            }
        }
    }

    @Test(
        "a day has 23, 25 or 24 and a half hours where the clock says so",
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T12:00:00Z", "23"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T12:00:00Z", "25"),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-05T06:00:00Z", "24.5"),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-04T06:00:00Z", "23.5"),
            ("IST-5:30", "2026-03-29T12:00:00Z", "24"),
        ])
    func lengths(_ rule: String, _ time: String, _ hours: String) throws {
        let zone = try #require(ZoneRule(name: "Some/Where", rule: rule))
        let day = QuotaCalendar(zone: zone).window(.day, at: try moment(time))
        let length = day.upperBound.microseconds - day.lowerBound.microseconds
        #expect(Double(length) / 3_600_000_000 == Double(hours))
    }

    @Test("a week begins on the day that is asked for", arguments: 1...7)
    func weeks(_ start: Int) throws {
        // 2026-11-28 is a Saturday.
        let calendar = QuotaCalendar(zone: .utc, weekStart: Int64(start))
        let week = calendar.window(.week, at: try moment("2026-11-28T12:00:00Z"))
        let first = 28 - (6 - start + 7) % 7
        #expect(week.lowerBound == (try moment("2026-11-\(first)T00:00:00Z")))
        #expect(week.upperBound.microseconds - week.lowerBound.microseconds == 7 * 86_400_000_000)
    }

    @Test("the ends of time do not trap", arguments: LimitWindow.allCases)
    func ends(_ window: LimitWindow) {
        for zone in [ZoneRule.utc, ZoneRule(name: "A/B", rule: "NST3:30NDT,M3.2.0,M11.1.0") ?? .utc] {
            for micros in [Int64.min, -1, 0, 1, .max] {
                _ = QuotaCalendar(zone: zone).window(window, at: Timestamp(microseconds: micros))
            }
        }
    }
}

@Suite("ZoneRule")
struct ZoneRuleTests {
    @Test(
        "reads what POSIX and RFC 8536 allow",
        arguments: [
            "UTC0", "CET-1CEST", "XXX3EDT4,0/0,J365/23", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
            "EET-2EEST,M3.4.4/50,M10.4.4/50", "ABC-5:30:15DEF,J60/2:30:10,300", "A" + "BC12",
        ])
    func reads(_ rule: String) {
        // Without dates for its second clock a rule says nothing.
        #expect((PosixZone(rule) != nil) == (rule != "CET-1CEST"))
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", "UTC", "U0", "<>0", "UTC25", "UTC0:60", "UTC0 ", "CET-1CEST,M13.1.0,M10.5.0",
            "CET-1CEST,M0.1.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0,M1.1.1", "CET-1CEST,J0,J365", "CET-1CEST,366,1",
            "CET-1CEST,M3.5.0/168,M10.5.0", "🕰0", String(repeating: "A", count: 200) + "0",
        ])
    func refuses(_ rule: String) { #expect(PosixZone(rule) == nil) }

    @Test("names are those of files below the folder of zones")
    func names() {
        for name in ["UTC", "Europe/Berlin", "Etc/GMT+12", "America/Argentina/Buenos_Aires"] {
            #expect(ZoneRule.isName(name))
        }
        for name in ["", "/etc/passwd", "../../etc/passwd", "Europe/", "a b", "é", "\0"] {
            #expect(!ZoneRule.isName(name))
        }
    }

    @Test("too many transitions, and those out of order, are no zone")
    func bounds() {
        let many = (0...ZoneRule.transitionsMax).map { ZoneTransition(at: Int64($0), offset: 0) }
        #expect(ZoneRule(name: "A/B", rule: "UTC0", transitions: many) == nil)
        #expect(ZoneRule(name: "A/B", rule: "UTC0", transitions: Array(many.dropLast())) != nil)
        #expect(ZoneRule(name: "A/B", rule: "UTC0", transitions: many.prefix(2).reversed()) == nil)
        #expect(ZoneRule(name: "A/B", rule: "UTC0")?.isUTC == true)
    }
}
