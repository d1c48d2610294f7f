import Files
import Foundation
import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import TestSupport
import Testing

@Suite("ActivityLog")
struct ActivityLogTests {
    private let house: LedgerFixture
    private var path: String { house.configuration.activityPath }

    init() throws { house = try LedgerFixture() }

    @Test("What happened comes once, in order, however often the log is ended and begun")
    func restarts() throws {
        for round in 0..<3 {
            let ledger = try house.open { $0.segmentBytesMax = 4_000 }
            let activity = try begin(ledger)
            try spend(20, from: 20 * round, ledger)
            try finish(activity, ledger)
            ledger.close()
        }
        let expected = try house.events().filter { $0.event.type != .callReserved }.map(\.position.value)
        #expect(expected.count > 60)
        #expect(try positions(path) == expected)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
    }

    static let tails = [
        "{\"timestamp\":\"2026-11-24T12:00", String(repeating: "\0", count: 5_000), "no line of ours\n",
    ]

    @Test("A torn or foreign end is cut off, and written again", arguments: tails)
    func torn(_ tail: String) throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try spend(10, from: 0, ledger)
        try finish(try begin(ledger), ledger)
        let whole = try Data(contentsOf: URL(filePath: path))
        let lines = whole.split(separator: UInt8(ascii: "\n"))
        let kept = lines.dropLast(2).map { $0 + Data("\n".utf8) }.reduce(Data(), +)
        try (kept + Data(tail.utf8)).write(to: URL(filePath: path))
        try finish(try begin(ledger), ledger)
        #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    }

    @Test("A full file is kept as the former one, and no more than that")
    func rotates() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        var written: [Int64] = []
        for round in 0..<6 {
            // A log of its own each time: a batch is never split.
            let activity = try begin(ledger, bytesMax: 6_000)
            try spend(10, from: 10 * round, ledger)
            try finish(activity, ledger)
            written = try positions(path + ".1", orNone: true) + positions(path)
            #expect(written.last == ledger.position.value)
            #expect(written == Array(Set(written)).sorted())
        }
        #expect(try positions(path + ".1").count > 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: house.home + "/system")
        #expect(names.filter { $0.hasPrefix("activity") }.sorted() == ["activity.log", "activity.log.1"])
        #expect(written.count < ledger.position.value / 2)
    }

    @Test("A file that was renamed away is followed by a new one")
    func renamed() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        let activity = try begin(ledger)
        try spend(5, from: 0, ledger)
        try waitWritten(activity, ledger)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
        try spend(5, from: 5, ledger)
        try finish(activity, ledger)
        let all = try positions(path + ".moved") + positions(path)
        #expect(all == Array(Set(all)).sorted())
        #expect(all.last == ledger.position.value)
        #expect(try positions(path).count == 5)
    }

    @Test("What the disk refuses holds up nobody, is counted, and is there once later")
    func failure() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try spend(10, from: 0, ledger)
        try finish(try begin(ledger), ledger)
        house.files.fail(.rename, errno: 5)
        let activity = try begin(ledger, bytesMax: 100)
        try spend(10, from: 10, ledger)
        try wait { try sample("ledger_activity_failures_total", activity) > 0 }
        #expect(try sample("ledger_activity_failures_total", activity) > 0)
        #expect(try sample("ledger_activity_lag_events", activity) > 0)
        house.files.heal()
        try finish(activity, ledger)
        #expect(try sample("ledger_activity_lag_events", activity) == 0)
        let all = try positions(path + ".1") + positions(path)
        #expect(all == Array(Set(all)).sorted())
        #expect(all.last == ledger.position.value)
    }

    @Test("A log that cannot be opened yet begins when it can")
    func unopened() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let activity = try begin(ledger)
        try spend(5, from: 0, ledger)
        try wait { try sample("ledger_activity_failures_total", activity) > 0 }
        try FileManager.default.removeItem(atPath: path)
        try finish(activity, ledger)
        let expected = try house.events().filter { $0.event.type != .callReserved }.map(\.position.value)
        #expect(try positions(path) == expected)
    }

    @Test("A journal that is shorter than the log, being restored, is followed from its end")
    func restored() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        try Data("{\"position\":1000000}\n".utf8).write(to: URL(filePath: path))
        try spend(1, from: 0, ledger)
        let activity = try begin(ledger)
        try waitWritten(activity, ledger)
        try spend(3, from: 1, ledger)
        try finish(activity, ledger)
        #expect(try positions(path).dropFirst().last == ledger.position.value)
    }

    // MARK: Steps

    private func begin(_ ledger: Ledger, bytesMax: Int = 64 << 20) throws -> ActivityLog {
        let activity = ActivityLog(ledger, bytesMax: bytesMax, log: .silent)
        try activity.start()
        return activity
    }

    /// So many calls, each reserved and settled.
    private func spend(_ count: Int, from first: Int, _ ledger: Ledger) throws {
        let ann = try user("ann")
        for number in first..<first + count {
            _ = try ledger.ask(reserve(number, of: ann, .zero))
            _ = try ledger.ask(settle(number, of: ann, .priced(.zero), input: 3, output: 4))
        }
    }

    private func waitWritten(_ activity: ActivityLog, _ ledger: Ledger) throws {
        try wait { try sample("ledger_activity_lag_events", activity) == 0 }
    }

    /// Waits at most twenty seconds.
    private func wait(until isSo: () throws -> Bool) throws {
        for _ in 0..<20_000 {
            if try isSo() { return }
            usleep(1_000)
        }
        Issue.record("it was waited for in vain")
    }

    private func finish(_ activity: ActivityLog, _ ledger: Ledger) throws {
        try waitWritten(activity, ledger)
        activity.stop()
    }

    private func sample(_ name: String, _ activity: ActivityLog) throws -> Int {
        var writer = ExpositionWriter(.prometheusText)
        activity.write(to: &writer)
        let lines = String(decoding: writer.finish(), as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(name + " ") })
        return try #require(Int(line.dropFirst(name.count + 1)))
    }

    private func positions(_ path: String, orNone: Bool = false) throws -> [Int64] {
        guard !orNone || FileManager.default.fileExists(atPath: path) else { return [] }
        return try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).map { line in
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
            return try #require(object?["position"] as? Int64)
        }
    }
}
