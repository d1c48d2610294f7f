import Glibc
import Synchronization
import Threads

/// Where finished lines go.
package struct LogSink: Sendable {
    /// Takes one whole line, newline included.
    package let write: @Sendable ([UInt8]) -> Void

    package init(_ write: @escaping @Sendable ([UInt8]) -> Void) { self.write = write }

    /// The process's standard error.
    package static let standardError = LogSink.descriptor(STDERR_FILENO)

    /// An open file descriptor, which stays the caller's; one `write` a line.
    ///
    /// A reader that has stopped reading costs the first line 50 ms and the following ones nothing: they are
    /// dropped until it reads again, because a service must not stand still for its log. How many were
    /// dropped is said in a line then.
    package static func descriptor(_ descriptor: Int32) -> LogSink {
        let writer = DescriptorWriter(descriptor)
        return LogSink { writer.write($0) }
    }
}

/// Writes whole lines to a descriptor, never waiting for long.
private final class DescriptorWriter: Sendable {
    private static let patienceMilliseconds: Int32 = 50
    private let descriptor: Int32
    private let dropped = Lock<Int64>(0)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func write(_ line: [UInt8]) {
        dropped.withLock { dropped in
            guard isWritable(withinMilliseconds: dropped == 0 ? Self.patienceMilliseconds : 0) else {
                dropped += 1
                return
            }
            if dropped > 0 {
                let notice =
                    "{\"level\":\"warning\",\"message\":\"log lines dropped\",\"lines\":\"\(dropped)\"}\n"
                guard send(Array(notice.utf8)), isWritable(withinMilliseconds: 0) else {
                    dropped += 1
                    return
                }
                dropped = 0
            }
            if !send(line) { dropped += 1 }
        }
    }

    private func isWritable(withinMilliseconds milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var ready: Int32
        repeat { ready = poll(&request, 1, milliseconds) } while ready < 0 && errno == EINTR
        return ready > 0
    }

    /// Whether all of `line` went out; only files and sockets ever take a part of it.
    private func send(_ line: [UInt8]) -> Bool {
        var sent = 0
        while sent < line.count {
            let count = line.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
