import Files
import Foundation
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Testing

@Suite("Backup")
struct BackupTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    private var folder: String { house.home + "/backup" }

    /// Some calls over three days, in small segments.
    private func journal(days: Int = 3) throws {
        let ledger = try house.open { $0.segmentBytesMax = 2_000 }
        defer { ledger.close() }
        for day in 0..<days {
            try house.clock.set("2026-11-2\(4 + day)T12:00:00Z")
            for number in (day * 10)..<(day * 10 + 10) {
                _ = try ledger.ask(reserve(number, of: ann, try usd("1")))
                _ = try ledger.ask(settle(number, of: ann, .priced(try usd("0.01"))))
            }
        }
    }

    private func backup() throws(CopyError) -> Backup.Outcome {
        try Backup(house.configuration, to: folder).run { _, _ in }
    }

    private func restored() throws -> String {
        let home = house.home + "/restored-" + UUID().uuidString
        let restore = Restore(from: folder)
        let manifest: BackupManifest = try restore.manifest()
        try restore.run(manifest, into: home + "/system/logs") { _, _ in }
        return home + "/system/logs"
    }

    private func bytes(_ directory: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0 != ".lock" }
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)")))
            })
    }

    @Test("What is restored is the journal, file for file")
    func whole() throws {
        try journal()
        let outcome = try backup()
        #expect(outcome.manifest.position == 61 && outcome.after == 0)
        #expect(outcome.manifest.bytes == outcome.bytes && outcome.manifest.files.count > 5)
        let original = try bytes(house.configuration.logsDirectory)
        #expect(try bytes(folder + "/logs") == original)
        #expect(try bytes(restored()) == original)
    }

    @Test("A backup is made while the writer holds the journal, and goes on with it")
    func live() throws {
        let ledger = try house.open()
        defer { ledger.close() }
        for number in 0..<20 {
            _ = try ledger.ask(reserve(number, of: ann, try usd("1")))
            let outcome = try backup()
            #expect(outcome.manifest.position == ledger.position.value)
            #expect(outcome.manifest.position - outcome.after == (number == 0 ? 2 : 1))
        }
        #expect(try bytes(restored()) == bytes(house.configuration.logsDirectory))
    }

    @Test(
        "Whatever fails, the backup still holds what it held, and the next run has all",
        arguments: [
            FileError.Operation.write, .sync, .syncDirectory, .rename, .truncate, .remove, .open, .list,
        ])
    func faults(_ operation: FileError.Operation) throws {
        try journal(days: 2)
        let first = try backup()
        let ledger = try house.open { $0.segmentBytesMax = 2_000 }
        for number in 50..<70 { _ = try ledger.ask(reserve(number, of: ann, try usd("1"))) }
        ledger.close()
        house.files.fail(operation, errno: 28)
        let failed = try? backup()
        house.files.heal()
        if failed == nil {
            let manifest = try Restore(from: folder).manifest()
            #expect(manifest == first.manifest)
            try Restore(from: folder).check(manifest) { _, _ in }
        }
        #expect(try backup().manifest.position == first.manifest.position + 20)
        #expect(try bytes(restored()) == bytes(house.configuration.logsDirectory))
    }

    @Test("A journal with another history is refused, and so is another origin")
    func foreign() throws {
        try journal()
        let first = try backup()
        try FileManager.default.removeItem(atPath: house.configuration.logsDirectory)
        try house.clock.set("2026-11-24T12:00:01Z")
        try journal()
        #expect {
            try backup()
        } throws: { error in
            if case CopyError.badSource(let reason) = error { return reason.contains("does not go on") }
            return false
        }
        var other = house.configuration
        other.origin = "elsewhere"
        #expect {
            try Backup(other, to: folder).run { _, _ in }
        } throws: { error in
            if case CopyError.occupied(let reason) = error { return reason.contains("elsewhere") }
            return false
        }
        #expect(try Restore(from: folder).manifest() == first.manifest)
    }

    @Test("Two runs into one folder do not meet")
    func locked() throws {
        try journal()
        _ = try backup()
        let lock = try JournalLock.take(folder, POSIXFileSystem())
        defer { POSIXFileSystem().close(lock) }
        #expect(throws: CopyError.self) { try backup() }
    }
}
