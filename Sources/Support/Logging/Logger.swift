/// Writes one JSON object a line; passed to whoever has something to say.
///
/// ```swift
/// log.warning("ingest stalled", ["lag_positions": "\(lag)"], onceEvery: 60)
/// ```
/// The message is constant, so that lines can be counted and searched; what varies is a field.
package struct Logger: Sendable {
    private let service: String
    private let level: LogLevel
    private let sink: LogSink
    private let nowMicroseconds: @Sendable () -> Int64
    private let repeats: RepeatLimit
    private let traceID: String?

    /// A logger of lines at `level` and above; `nowMicroseconds` is wall time since 1970.
    package init(
        service: String, level: LogLevel = .info, to sink: LogSink,
        nowMicroseconds: @escaping @Sendable () -> Int64
    ) {
        self.init(service, level, sink, nowMicroseconds, RepeatLimit(), traceID: nil)
    }

    private init(
        _ service: String, _ level: LogLevel, _ sink: LogSink,
        _ nowMicroseconds: @escaping @Sendable () -> Int64, _ repeats: RepeatLimit, traceID: String?
    ) {
        self.service = service
        self.level = level
        self.sink = sink
        self.nowMicroseconds = nowMicroseconds
        self.repeats = repeats
        self.traceID = traceID
    }

    /// A logger that says nothing, for tests and for code that was given none.
    package static let silent = Logger(
        service: "silent", level: .error, to: LogSink { _ in }, nowMicroseconds: { 0 })

    /// The same logger under another service's name; repeats are limited for each name on its own.
    package func with(service: String) -> Logger {
        Logger(service, level, sink, nowMicroseconds, RepeatLimit(), traceID: traceID)
    }

    /// The same logger, whose lines belong to the trace `traceID`; nil: to none.
    package func tracing(_ traceID: String?) -> Logger {
        Logger(service, level, sink, nowMicroseconds, repeats, traceID: traceID)
    }

    package func debug(
        _ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        guard level <= .debug else { return }
        write(.debug, message, fields(), suppressed: 0, at: nowMicroseconds())
    }

    package func info(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.info, message, fields, onceEvery: 0)
    }

    /// Something is wrong and the service goes on.
    ///
    /// With `onceEvery`, in seconds, the same message is written at most that often; the next line that is
    /// written says in
    /// `suppressed` how many were not.
    package func warning(
        _ message: StaticString, _ fields: KeyValuePairs<String, String> = [:], onceEvery seconds: Int64 = 0
    ) {
        write(.warning, message, fields, onceEvery: seconds)
    }

    /// Something failed that somebody has to look at.
    package func error(
        _ message: StaticString, _ fields: KeyValuePairs<String, String> = [:], onceEvery seconds: Int64 = 0
    ) {
        write(.error, message, fields, onceEvery: seconds)
    }

    private func write(
        _ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<String, String>,
        onceEvery seconds: Int64
    ) {
        guard level >= self.level else { return }
        let now = nowMicroseconds()
        guard seconds > 0 else { return write(level, message, fields, suppressed: 0, at: now) }
        guard
            let suppressed = repeats.admit(
                message.description, everyMicroseconds: seconds * 1_000_000, nowMicroseconds: now)
        else { return }
        write(level, message, fields, suppressed: suppressed, at: now)
    }

    private func write(
        _ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<String, String>,
        suppressed: Int64, at now: Int64
    ) {
        var line = LogLine(
            timeMicroseconds: now, level: level, service: service, message: message.description)
        if suppressed > 0 { line.add("suppressed", "\(suppressed)") }
        if let traceID { line.add("trace_id", traceID) }
        for (name, value) in fields { line.add(name, value) }
        sink.write(line.finish())
    }
}
