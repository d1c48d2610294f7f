import Foundation
import LedgerCore
import LedgerRuntime
import Testing

@Suite("ZoneRule, read from the system")
struct ZoneRuleReadingTests {
    /// The zones of `Tests/Golden/zones.txt`, and moments with the hour and the day that Python's zoneinfo
    /// found.
    private static func golden() throws -> [(name: String, weekStart: Int64, windows: [[Int64]])] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/zones.txt")
        var zones: [(name: String, weekStart: Int64, windows: [[Int64]])] = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "zone" { zones.append((words[1], try #require(Int64(words[3])), [])) }
            if words[0] == "window" {
                zones[zones.count - 1].windows.append(words.dropFirst().compactMap { Int64($0) })
            }
        }
        return zones
    }

    @Test("what is recorded of a zone is enough for its windows, and no more than fits")
    func windows() throws {
        let now = try #require(Timestamp("2026-11-28T00:00:00Z".utf8))
        for zone in try Self.golden() {
            let rule = try #require(ZoneRule.read(zone.name, at: now), "\(zone.name)")
            #expect(rule.name == zone.name)
            #expect(rule.transitions.count <= ZoneRule.transitionsMax)
            let calendar = QuotaCalendar(zone: rule, weekStart: zone.weekStart)
            for figures in zone.windows {
                let time = Timestamp(microseconds: figures[0] * 1_000_000)
                for (number, window) in LimitWindow.allCases.enumerated() {
                    let found = calendar.window(window, at: time)
                    let bounds = [found.lowerBound, found.upperBound].map { $0.microseconds / 1_000_000 }
                    #expect(
                        bounds == [figures[1 + 2 * number], figures[2 + 2 * number]],
                        "\(zone.name), \(window) of \(time.text)")
                }
            }
        }
    }

    @Test("a zone whose rule says everything is recorded without transitions")
    func short() throws {
        let now = try #require(Timestamp("2026-11-28T00:00:00Z".utf8))
        for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"] {
            #expect(ZoneRule.read(name, at: now)?.transitions == [], "\(name)")
        }
        #expect(ZoneRule.read("UTC", at: now) == .utc)
        #expect((ZoneRule.read("Africa/Casablanca", at: now)?.transitions.count ?? 0) > 50)
    }

    @Test(
        "a name that is a link to another is a zone, under its own name",
        arguments: [
            ("US/Eastern", "America/New_York"), ("Europe/Kiev", "Europe/Kyiv"),
            ("Asia/Calcutta", "Asia/Kolkata"), ("Japan", "Asia/Tokyo"), ("GMT", "Etc/GMT"),
            ("Zulu", "Etc/UTC"),
        ])
    func links(name: String, other: String) throws {
        let now = try #require(Timestamp("2026-11-28T00:00:00Z".utf8))
        let zone = try #require(ZoneRule.read(name, at: now))
        let same = try #require(ZoneRule.read(other, at: now))
        #expect(zone.name == name && same.name == other)
        #expect(zone.rule == same.rule && zone.transitions == same.transitions)
    }

    @Test("no zone, and no way out of the folder")
    func unknown() throws {
        let now = try #require(Timestamp("2026-11-28T00:00:00Z".utf8))
        for name in ["", "Europe", "Europe/Nowhere", "../../../etc/passwd", "/etc/passwd", "tzdata.zi"] {
            #expect(ZoneRule.read(name, at: now) == nil, "\(name)")
        }
    }
}
