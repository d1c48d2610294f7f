import Logging
import Synchronization
import Threads

/// What was logged, line by line.
final class KeptLog: Sendable {
    private let kept = Lock<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        Logger(
            service: "test",
            to: LogSink { [self] line in kept.withLock { $0.append(String(decoding: line, as: UTF8.self)) } },
            nowMicroseconds: { 0 })
    }

    func count(of text: String) -> Int { lines.count { $0.contains(text) } }
}
