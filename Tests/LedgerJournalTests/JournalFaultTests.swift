import Files
import Glibc
import LedgerCore
import LedgerJournal
import Testing

/// The k-th call of each operation fails, for every k; what was acknowledged must be there, exactly, and go
/// on.
@Suite("Faults of the file system")
struct JournalFaultTests {
    private static let operations: [FileError.Operation] = [
        .open, .lock, .read, .write, .sync, .truncate, .size, .rename, .remove, .syncDirectory, .list,
        .makeDirectory,
    ]

    /// The errors worth a difference: a broken disk, a full one, too many open files.
    private static let numbers: [Int32] = [EIO, ENOSPC, EMFILE]

    /// Opens, appends over segments and a day, opens again, appends; returns the acknowledged bodies.
    ///
    /// Two batches fit into a segment, so that failures meet both a fresh one and one with durable lines.
    /// The caller's part on an error is what the runtime does: close, open with the durable mark, try again.
    private func script(
        _ journal: JournalFixture, _ files: FaultyFileSystem
    ) -> (acknowledged: [String], failures: Int) {
        var acknowledged: [String] = []
        var failures = 0
        var writer: JournalWriter?
        var mark: JournalMark?
        var step = 0
        while step < 8, failures < 4 {
            do throws(JournalError) {
                let current: JournalWriter
                if let open = writer {
                    current = open
                } else {
                    current = try journal.open(files: files, segmentBytesMax: 700, cutTo: mark).0
                    writer = current
                }
                let text = "step \(step) try \(failures)"
                let day = Day(daysSince1970: JournalFixture.day.daysSince1970 + Int32(step / 6))
                let first = current.lastPosition
                try current.append(count: 2, day: day, text: text)
                acknowledged += (Int64(1)...2).map {
                    "{\"position\":\(first + $0),\"type\":\"test\",\"text\":\"\(text)\""
                }
                mark = current.durableMark
                step += 1
                // A planned restart half way.
                if step == 4 {
                    current.close()
                    writer = nil
                    mark = nil
                }
            } catch {
                failures += 1
                mark = writer?.durableMark ?? mark
                writer?.close()
                writer = nil
            }
        }
        writer?.close()
        return (acknowledged, failures)
    }

    private func bodies(_ journal: JournalFixture) throws -> [String] {
        try journal.lines().map { String($0.prefix($0.utf8.count - 76)) }
    }

    /// Runs the script once for every call of `operation`, and once more to see that no call was left.
    private func sweep(
        _ operation: FileError.Operation, _ change: (inout FaultyFileSystem.Plan) -> Void,
        _ check: (JournalFixture, FaultyFileSystem, [String], Int) throws -> Void
    ) throws {
        var call = 1
        while true {
            let journal = JournalFixture()
            var plan = FaultyFileSystem.Plan(operation: operation, call: call)
            change(&plan)
            let files = FaultyFileSystem(plan)
            let (acknowledged, failures) = script(journal, files)
            guard files.hasFailed else {
                #expect(failures == (plan.afterSync == nil ? 0 : 1))
                return
            }
            try check(journal, files, acknowledged, failures)
            call += 1
        }
    }

    @Test("one failure: the writer opens anew and loses nothing", arguments: operations, numbers)
    func failsOnce(operation: FileError.Operation, number: Int32) throws {
        try sweep(operation, { $0.errno = number }) { journal, _, acknowledged, _ in
            let found = try bodies(journal)
            #expect(acknowledged.count == 16)
            #expect(found == acknowledged)
            #expect(try journal.open().1.position == 16)
        }
    }

    @Test("a second failure during the recovery from the first", arguments: operations, [2, 3])
    func failsTwice(operation: FileError.Operation, sync: Int) throws {
        try sweep(operation, { $0.afterSync = sync }) { journal, _, acknowledged, _ in
            let found = try bodies(journal)
            #expect(acknowledged.count == 16)
            #expect(found == acknowledged)
            // A retry does not pile up copies: one for each batch that failed.
            #expect(
                try journal.names().count { $0.contains(".torn-") } <= (operation == .sync ? 2 : 1))
        }
    }

    @Test("a short write before the failure leaves no part of a line")
    func shortWrite() throws {
        try sweep(.write, { $0.isShort = true }) { journal, _, acknowledged, _ in
            let found = try bodies(journal)
            #expect(acknowledged.count == 16)
            #expect(found == acknowledged)
        }
    }

    @Test(
        "the process dies at any call: what was acknowledged is a prefix of what opens", arguments: operations
    )
    func dies(operation: FileError.Operation) throws {
        for isShort in [false, true] {
            try sweep(operation, { ($0.isFatal, $0.isShort) = (true, isShort) }) {
                journal, _, acknowledged, _ in
                let (writer, recovery) = try journal.open()
                #expect(try bodies(journal).prefix(acknowledged.count) == acknowledged[...])
                #expect(recovery.position <= Int64(acknowledged.count + 2))
                try writer.append(count: 1, text: "after")
                #expect(try bodies(journal).last?.contains("after") == true)
            }
        }
    }

    @Test(
        "the power fails at any call: what was acknowledged is a prefix of what opens", arguments: operations)
    func losesPower(operation: FileError.Operation) throws {
        try sweep(operation, { $0.isFatal = true }) { journal, files, acknowledged, _ in
            guard !acknowledged.isEmpty else { return }
            try files.losePower(in: journal.logs)
            let (writer, _) = try journal.open()
            #expect(try bodies(journal).prefix(acknowledged.count) == acknowledged[...])
            try writer.append(count: 1, text: "after")
            #expect(try bodies(journal).last?.contains("after") == true)
        }
    }

    @Test("what opens after a failed sync and a restart is durable, although the system forgot the pages")
    func forgottenPages() throws {
        let journal = JournalFixture()
        let files = FaultyFileSystem(.init(operation: .sync, call: 2))
        let (writer, _) = try journal.open(files: files)
        try writer.append(count: 1)
        #expect(throws: JournalError.self) { try writer.append(count: 2) }
        writer.close()
        // A new process knows no mark; it accepts the whole lines that it finds.
        let (again, recovery) = try journal.open(files: files)
        #expect(recovery.position == 3)
        again.close()
        try files.losePower(in: journal.logs)
        #expect(try journal.lines().count == 3)
    }

    @Test("a failed sync is never repeated on its descriptor; a new segment goes on")
    func neverRepeatsSync() throws {
        let journal = JournalFixture()
        let files = FaultyFileSystem(.init(operation: .sync, call: 2))
        let (writer, _) = try journal.open(files: files)
        try writer.append(count: 1)
        let mark = writer.durableMark
        #expect(throws: JournalError.io(FileError(.sync, journal.path("2026-11-24.jsonl"), errno: EIO))) {
            try writer.append(count: 1)
        }
        let syncs = files.counts[.sync]
        #expect(throws: JournalError.failed) { try writer.append(count: 1) }
        #expect(files.counts[.sync] == syncs)
        #expect(writer.durableMark == mark)
        writer.close()
        let (again, recovery) = try journal.open(files: files, cutTo: mark)
        #expect(recovery.position == 1)
        #expect(recovery.setAside.map(\.keptAsPath) == [journal.path("2026-11-24.jsonl.torn-1")])
        try again.append(count: 1)
        #expect(again.durableMark.segment?.description == "2026-11-24.1.jsonl")
        #expect(try journal.lines().count == 2)
    }

    @Test("a failure in a fresh segment sets the whole file aside")
    func failsInFreshSegment() throws {
        let journal = JournalFixture()
        let files = FaultyFileSystem(.init(operation: .sync, call: 2))
        let (writer, _) = try journal.open(files: files, segmentBytesMax: 100)
        try writer.append(count: 1)
        #expect(throws: JournalError.self) { try writer.append(count: 1) }
        writer.close()
        let (again, _) = try journal.open(files: files, cutTo: writer.durableMark)
        try again.append(count: 1)
        #expect(
            try journal.names() == ["2026-11-24.1.jsonl", "2026-11-24.1.jsonl.torn-1", "2026-11-24.jsonl"])
    }
}
