import Lifecycle
import Logging
import Terminal

/// The process's logger: one JSON object a line on standard error.
enum LogSettings {
    static func logger(_ environment: Environment) throws(CommandFailure) -> Logger {
        let text = environment["LEDGER_LOG_LEVEL"] ?? "info"
        guard let level = LogLevel(rawValue: text) else {
            throw Settings.bad(
                "LEDGER_LOG_LEVEL", text, LogLevel.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return Logger(
            service: "dledger", level: level, to: .standardError, nowMicroseconds: SystemClock.nowMicroseconds
        )
    }
}
