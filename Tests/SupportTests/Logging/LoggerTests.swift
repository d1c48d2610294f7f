import Glibc
import Logging
import Synchronization
import Testing
import Threads

/// Keeps what was logged, and the time that a test sets.
final class LogRecorder: Sendable {
    private let state = Lock((lines: [String](), nowMicroseconds: Int64(0)))

    func logger(level: LogLevel = .info) -> Logger {
        Logger(
            service: "proxy", level: level,
            to: LogSink { line in
                self.state.withLock { $0.lines.append(String(decoding: line, as: UTF8.self)) }
            },
            nowMicroseconds: { self.state.withLock { $0.nowMicroseconds } })
    }

    var lines: [String] { state.withLock { $0.lines } }

    func setTime(microseconds: Int64) { state.withLock { $0.nowMicroseconds = microseconds } }
}

@Suite("Logger")
struct LoggerTests {
    private let recorder = LogRecorder()

    @Test("writes one object a line: time, level, service, message, then the fields in their order")
    func writesOneObject() {
        recorder.setTime(microseconds: 1_772_323_199_000_001)
        recorder.logger().info("call settled", ["user": "ann", "cost_usd": "0.0123", "model": "m"])
        recorder.logger().with(service: "gateway").error("no kernel")
        #expect(
            recorder.lines == [
                #"{"time":"2026-02-28T23:59:59.000001Z","level":"info","service":"proxy","message":"call settled","#
                    + #""user":"ann","cost_usd":"0.0123","model":"m"}"# + "\n",
                #"{"time":"2026-02-28T23:59:59.000001Z","level":"error","service":"gateway","message":"no kernel"}"#
                    + "\n",
            ])
    }

    @Test("puts the trace into the lines that belong to one, and into no others")
    func traces() {
        let log = recorder.logger()
        log.tracing("4bf9").with(service: "gateway").info("x", ["user": "ann"])
        log.tracing(nil).info("y")
        #expect(recorder.lines[0].hasSuffix(#""message":"x","trace_id":"4bf9","user":"ann"}"# + "\n"))
        #expect(recorder.lines[1].hasSuffix(#""message":"y"}"# + "\n"))
    }

    static let times: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (1_798_761_599_999_999, "2026-12-31T23:59:59.999999Z"),
    ]

    @Test("writes the time in UTC", arguments: times)
    func writesTime(_ microseconds: Int64, _ text: String) throws {
        recorder.setTime(microseconds: microseconds)
        recorder.logger().info("x")
        #expect(try #require(recorder.lines.first).hasPrefix("{\"time\":\"\(text)\","))
    }

    @Test("leaves out what is below its level", arguments: LogLevel.allCases)
    func leavesOut(_ level: LogLevel) {
        let log = recorder.logger(level: level)
        log.debug("x")
        log.info("x")
        log.warning("x")
        log.error("x")
        #expect(recorder.lines.count == LogLevel.allCases.filter { $0 >= level }.count)
    }

    @Test("says a repeated warning now and then, and how many it did not say")
    func limitsRepeats() {
        let log = recorder.logger()
        for second in [0, 1, 59, 60, 61, 10] as [Int64] {
            recorder.setTime(microseconds: second * 1_000_000)
            log.warning("ingest stalled", ["second": "\(second)"], onceEvery: 60)
            log.warning("always", onceEvery: 0)
        }
        let stalled = recorder.lines.filter { $0.contains("ingest stalled") }
        #expect(stalled.count == 3)
        #expect(stalled[0].hasSuffix(#""message":"ingest stalled","second":"0"}"# + "\n"))
        #expect(stalled[1].hasSuffix(#""message":"ingest stalled","suppressed":"2","second":"60"}"# + "\n"))
        #expect(stalled[2].hasSuffix(#""message":"ingest stalled","suppressed":"1","second":"10"}"# + "\n"))
        #expect(recorder.lines.count == 3 + 6)
    }

    @Test("drops lines rather than wait for a reader that has stopped, and says so later")
    func dropsLines() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let log = Logger(service: "proxy", to: .descriptor(ends[1]), nowMicroseconds: { 0 })
        let fill = String(repeating: "x", count: 1_000)
        for _ in 0..<1_000 { log.info("fill", ["x": fill]) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var text = ""
        for round in 0..<2 {
            let count = read(ends[0], &buffer, buffer.count)
            text += String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            if round == 0 { log.info("reads again") }
        }
        let lines = text.split(separator: "\n")
        let kept = lines.filter { $0.contains("\"fill\"") }.count
        #expect(kept > 0 && kept < 1_000)
        #expect(
            lines.suffix(2) == [
                #"{"level":"warning","message":"log lines dropped","lines":"\#(1_000 - kept)"}"#,
                #"{"time":"1970-01-01T00:00:00.000000Z","level":"info","service":"proxy","message":"reads again"}"#,
            ])
    }
}
