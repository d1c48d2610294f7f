import Foundation
import LedgerJournal
import Testing

/// The chain as a stranger checks it, with the Python program from the documentation.
@Suite("verify_chain.py")
struct VerifyChainScriptTests {
    let journal = JournalFixture()

    private func run(_ arguments: [String]? = nil) throws -> (status: Int32, output: String) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = root.appendingPathComponent("docs/verify_chain.py").path
        process.arguments = ["python3", script] + (arguments ?? [journal.logs, JournalFixture.origin])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test("agrees on the count and the last chain, over twelve segments")
    func agrees() throws {
        let (writer, _) = try journal.open(segmentBytesMax: 300)
        for _ in 1...12 { try writer.append(count: 2, text: "žluťoučký \\u0000 \\\"chain\\\"") }
        let (status, output) = try run()
        #expect(output.contains("24 lines, last chain \(writer.lastChain.hex)"))
        #expect(status == 0)
    }

    @Test("checks a whole journal in one file, and says how it is called instead of failing")
    func oneFile() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 3)
        let file = journal.logs + "/2026-11-24.jsonl"
        let whole = try run([file, JournalFixture.origin])
        #expect(whole.status == 0 && whole.output.contains("3 lines, last chain \(writer.lastChain.hex)"))
        let other = try run([file, "another"])
        #expect(other.status == 1 && other.output.contains("2026-11-24.jsonl:1: not line 1"))
        for arguments in [[], [file], [journal.logs + "/none", "x"]] {
            let (status, output) = try run(arguments)
            #expect(status == 1 && output.hasPrefix("usage: verify_chain.py"))
        }
    }

    @Test("names the file and the line that was changed")
    func findsChange() throws {
        let (writer, _) = try journal.open()
        try writer.append(count: 3)
        var bytes = try journal.bytes()
        let second = try #require(bytes.firstIndex(of: UInt8(ascii: "\n"))) + 20
        bytes[second] ^= 1
        try journal.put(bytes)
        let (status, output) = try run()
        #expect(output.contains("2026-11-24.jsonl:2"))
        #expect(status == 1)
    }
}
