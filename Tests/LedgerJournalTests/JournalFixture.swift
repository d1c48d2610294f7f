import Crypto
import Files
import Foundation
import LedgerCore
import LedgerJournal

/// A journal directory of its own for one test, removed with it.
final class JournalFixture: Sendable {
    static let origin = "test.example"
    static let day = Day("2026-11-24".utf8) ?? Day(daysSince1970: 0)

    let home: String
    var logs: String { home + "/system/logs" }

    init() { home = NSTemporaryDirectory() + "journal-\(Hex.encode(Random.bytes(8)))" }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    /// Opens the journal for appending.
    func open(
        files: some FileSystem = POSIXFileSystem(), segmentBytesMax: Int = 1 << 20, from: JournalMark? = nil,
        cutTo: JournalMark? = nil
    ) throws(JournalError) -> (JournalWriter, Recovery) {
        try JournalWriter.open(
            directory: logs, origin: Self.origin, files: files, segmentBytesMax: segmentBytesMax, from: from,
            cutTo: cutTo)
    }

    func reader(from mark: JournalMark? = nil, verifyingChain: Bool = true) throws -> JournalReader {
        try JournalReader(
            directory: logs, origin: Self.origin, from: mark, verifyingChain: verifyingChain)
    }

    /// All complete lines, verified.
    func lines() throws -> [String] {
        var reader = try reader()
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line.bytes, as: UTF8.self)) }
        return lines
    }

    func path(_ name: String) -> String { "\(logs)/\(name)" }

    func names() throws -> [String] {
        try POSIXFileSystem().list(logs).filter { $0 != ".lock" }.sorted()
    }

    func bytes(_ name: String = "2026-11-24.jsonl") throws -> [UInt8] {
        try POSIXFileSystem().readWhole(path(name), bytesMax: 1 << 30)
    }

    /// Puts `bytes` where the segment stands, as an editor or a crash would.
    func put(_ bytes: [UInt8], _ name: String = "2026-11-24.jsonl") throws {
        try POSIXFileSystem().makeDirectories(logs)
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    }
}

extension JournalWriter {
    /// Appends `count` lines with the next positions, as one batch.
    func append(count: Int, day: Day = JournalFixture.day, text: String = "x") throws(JournalError) {
        var lines: [UInt8] = []
        var ends: [Int] = []
        for position in (lastPosition + 1)...(lastPosition + Int64(count)) {
            lines += Array("{\"position\":\(position),\"type\":\"test\",\"text\":\"\(text)\"".utf8)
            ends.append(lines.count)
        }
        try append(lines, ends: ends, day: day)
    }
}

extension JournalFixture {
    /// Makes a symbolic link at `link` to one of this journal's files.
    func link(_ name: String, from link: String) throws {
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path(name))
    }
}
