import Files
import Foundation
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Testing

@Suite("Export")
struct ExportTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    private var path: String { house.home + "/out" }
    private let always = Timestamp(microseconds: 0)..<Timestamp(microseconds: .max)

    /// What `form` writes of two calls, in two hours.
    private func export(
        _ form: Export.Form, user: UserID? = nil
    ) throws -> (text: String, outcome: Export.Outcome) {
        let ledger = try house.open()
        for (number, time) in ["2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z"].enumerated() {
            try house.clock.set(time)
            _ = try ledger.ask(reserve(number, of: ann, try usd("1")))
            _ = try ledger.ask(settle(number, of: ann, .priced(try usd("0.01"))))
        }
        ledger.close()
        let file = try ExportFile(path)
        var export = Export(form, origin: "here", range: always, user: user, to: file)
        try export.begin()
        let logs = house.configuration.logsDirectory
        try Replay(logsDirectory: logs, origin: "here").lines { line throws(LedgerError) in
            let event = try Replay.decode(line)
            do throws(ExportError) { try export.add(event, line) } catch { throw .closed }
        }
        try export.end()
        try file.finish()
        return (try String(contentsOfFile: path, encoding: .utf8), export.outcome)
    }

    @Test("focus has a heading, and rows with a cell for each column")
    func focus() throws {
        let (text, outcome) = try export(.focus)
        let lines = text.split(separator: "\n")
        #expect(lines.first == Substring(FocusTable.columns.joined(separator: ",")))
        #expect(FocusTable.columns == FocusTable.columns.sorted())
        #expect(lines.count == 3 && outcome.rows == 2)
        #expect(outcome.cost == (try usd("0.02")))
        let hour = ChargeHour()
        #expect(hour.rows.isEmpty && FocusTable.version == "1.2")
    }

    @Test("a correction has the class for months before, and the category for the month that runs")
    func corrections() throws {
        let january = try #require(Timestamp("2026-01-15T10:00:00Z".utf8))
        let february = try #require(Timestamp("2026-02-01T00:00:00Z".utf8))
        let key = RollupKey(
            hour: january, user: ann, kind: .call, source: "proxy", provider: "anthropic", model: "m")
        var rows: [[String: CSVText.Cell]] = []
        for now in [january, february] {
            ChargeReading.correct(key, from: .priced(try usd("1")), to: .priced(try usd("2")), at: now) {
                let cells = FocusTable(origin: "here").cells($0.key, $0.sums)
                rows.append(Dictionary(uniqueKeysWithValues: zip(FocusTable.columns, cells)))
            }
        }
        let running: CSVText.Cell = .plain("Adjustment")
        let ended: CSVText.Cell = .plain("Usage")
        #expect(rows.map { $0["ChargeCategory"] } == [running, running, ended, ended])
        #expect(
            rows.map { $0["ChargeClass"] } == [
                .text(nil), .text(nil), .text("Correction"), .text("Correction"),
            ])
        #expect(rows.map { $0["BilledCost"] } == [.plain("-1"), .plain("2"), .plain("-1"), .plain("2")])
        #expect(rows.allSatisfy { $0["ChargePeriodStart"] == .plain("2026-01-15T10:00:00Z") })
        #expect(rows.last?["BillingPeriodStart"] == .plain("2026-02-01T00:00:00Z"))
        #expect(rows.allSatisfy { $0["ConsumedQuantity"] == .text(nil) })
    }

    @Test("csv has a row for each call, jsonl each line as it is")
    func events() throws {
        let (text, outcome) = try export(.csv)
        let lines = text.split(separator: "\n")
        #expect(lines.first == Substring(CallTable.columns.joined(separator: ",")))
        #expect(lines.count == 3 && outcome.rows == 2)
        #expect(try export(.jsonl, user: try user("bob")).text.isEmpty)
    }

    @Test(
        "cells are quoted where they have to be, and never a formula",
        arguments: [
            (CSVText.Cell.text("a"), "a\n"), (.text("a,b"), "\"a,b\"\n"),
            (.text("say \"x\""), "\"say \"\"x\"\"\"\n"),
            (.text("two\nlines"), "\"two\nlines\"\n"), (.text(nil), "\n"), (.plain("-1"), "-1\n"),
            (.text("-1"), "'-1\n"), (.text("=A1,"), "\"'=A1,\"\n"), (.text("\r"), "\"'\r\"\n"),
        ])
    func cells(_ cell: CSVText.Cell, _ line: String) {
        var text = CSVText(guardingFormulas: true)
        text.line([cell])
        #expect(String(decoding: text.take(), as: UTF8.self) == line)
        #expect(text.bytes.isEmpty)
    }

    @Test("without the guard a cell is what it is")
    func raw() {
        var text = CSVText(guardingFormulas: false)
        text.line([.text("=A1"), .count(-1)])
        #expect(text.bytes == Array("=A1,-1\n".utf8))
    }

    @Test(
        "a file that cannot be finished leaves the one before it",
        arguments: [FileError.Operation.sync, .rename])
    func failure(_ operation: FileError.Operation) throws {
        try "before".write(toFile: path, atomically: true, encoding: .utf8)
        let file = try ExportFile(path, files: house.files)
        try file.write(Array("after".utf8))
        house.files.fail(operation, errno: ENOSPC)
        #expect(throws: FileError.self) { try file.finish() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
        #expect(try FileManager.default.contentsOfDirectory(atPath: house.home) == ["out"])
    }
}
