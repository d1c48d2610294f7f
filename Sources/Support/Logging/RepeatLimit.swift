import Synchronization
import Threads

/// Remembers when each message was last written, so that a repeated one is written only now and then.
final class RepeatLimit: Sendable {
    private let seen = Lock<[String: Seen]>([:])

    private struct Seen: Sendable {
        var writtenAtMicroseconds: Int64
        var suppressed: Int64 = 0
    }

    /// How many were suppressed since the last written one, or nil when this one is to be suppressed too.
    ///
    /// A clock that was set back counts as time enough: a warning is never lost for long.
    func admit(_ message: String, everyMicroseconds: Int64, nowMicroseconds: Int64) -> Int64? {
        seen.withLock { seen in
            guard let last = seen[message] else {
                seen[message] = Seen(writtenAtMicroseconds: nowMicroseconds)
                return 0
            }
            let age = nowMicroseconds - last.writtenAtMicroseconds
            guard age < 0 || age >= everyMicroseconds else {
                seen[message]?.suppressed += 1
                return nil
            }
            seen[message] = Seen(writtenAtMicroseconds: nowMicroseconds)
            return last.suppressed
        }
    }
}
