import Logging
import Testing

@Suite("Log lines under hostile fields")
struct LogInjectionTests {
    private let recorder = LogRecorder()

    struct Case: Sendable, CustomTestStringConvertible {
        let value: String
        let written: String
        var testDescription: String { written }

        init(_ value: String, _ written: String) {
            self.value = value
            self.written = written
        }
    }

    static let hostile: [Case] = [
        Case("\n{\"level\":\"error\"}\n", #"\n{\"level\":\"error\"}\n"#),
        Case("\r\t", #"\r\t"#),
        Case("\u{1B}[31mred\u{9B}0m", #"\u001b[31mred\u009b0m"#),
        Case("\",\"admin\":\"true", #"\",\"admin\":\"true"#),
        Case(#"\"#, #"\\"#),
        Case("a\u{2028}b\u{2029}c\u{85}d", #"a\u2028b\u2029c\u0085d"#),
        Case("\u{0}\u{7F}", #"\u0000\u007f"#),
        Case("evil\u{202E}txt\u{2066}", #"evil\u202etxt\u2066"#),
        Case(
            String(decoding: [0x61, 0xFF, 0xC0, 0x80, 0x62] as [UInt8], as: UTF8.self),
            "a\u{FFFD}\u{FFFD}\u{FFFD}b"
        ),
        Case("Grüße 👩‍🚀", "Grüße 👩‍🚀"),
    ]

    @Test("stay one line with the value as one string", arguments: hostile)
    func stayOneLine(_ test: Case) throws {
        recorder.logger().info("x", ["field": test.value, "after": "1"])
        let line = try #require(recorder.lines.first)
        #expect(line.hasSuffix("\"message\":\"x\",\"field\":\"\(test.written)\",\"after\":\"1\"}\n"))
        #expect(line.utf8.filter { $0 < 0x20 } == [UInt8(ascii: "\n")])
    }

    @Test("have hostile names escaped, and the line's own names kept for itself")
    func escapeNames() throws {
        recorder.logger().info("x", ["level\"\n": "1", "level": "error", "message": "y"])
        let line = try #require(recorder.lines.first)
        #expect(
            line.hasSuffix(
                #""message":"x","level\"\n":"1","field_level":"error","field_message":"y"}"# + "\n"))
    }

    @Test("have long values cut between two characters")
    func cutValues() throws {
        recorder.logger().info("x", ["field": String(repeating: "é", count: 1_000_000), "after": "1"])
        let line = try #require(recorder.lines.first)
        let cut = String(repeating: "é", count: 512) + "…"
        #expect(line.hasSuffix("\"field\":\"\(cut)\",\"after\":\"1\"}\n"))
    }

    @Test("never grow beyond what a pipe takes in one piece, and say that something is missing")
    func neverGrow() throws {
        let long = String(repeating: "\u{1}", count: 1_024)
        recorder.logger().info("x", ["a": "1", "b": long, "c": "3"])
        recorder.logger().info(
            "x",
            [
                "a": String(repeating: "x", count: 1_024), "b": String(repeating: "x", count: 1_024),
                "c": String(repeating: "x", count: 1_024), "d": String(repeating: "x", count: 1_024),
                "e": "5",
            ])
        #expect(recorder.lines.map(\.utf8.count).allSatisfy { $0 <= 4_096 })
        #expect(recorder.lines[0].hasSuffix(#""message":"x","a":"1","truncated":"true"}"# + "\n"))
        #expect(recorder.lines[1].hasSuffix(#"x","truncated":"true"}"# + "\n"))
    }
}
