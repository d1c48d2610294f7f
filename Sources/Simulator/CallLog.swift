import Files
import JSON
import Logging

/// The record of what was served: one JSON line a call, appended whole, before the answer's last byte goes
/// out.
///
/// Loop thread only. It is the measure that a ledger in front of the simulator is held against.
final class CallLog {
    private let files = POSIXFileSystem()
    private let file: OpenFile

    /// Opens the file, or makes it.
    init(path: String) throws(SimulatorError) {
        do throws(FileError) {
            file = try Self.open(path, files)
        } catch {
            throw .record(error)
        }
    }

    deinit { files.close(file) }

    /// Appends the line; false when the system refuses it.
    func append(_ record: CallRecord) -> Bool {
        let line = record.line
        var sent = 0
        return line.withUnsafeBytes { bytes in
            while sent < bytes.count {
                // One write takes a whole line unless the disk is full.
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                guard let count = try? files.append(rest, to: file), count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    private static func open(_ path: String, _ files: POSIXFileSystem) throws(FileError) -> OpenFile {
        do throws(FileError) {
            return try files.open(path, for: .appending)
        } catch {
            guard error.isMissing else { throw error }
            return try files.open(path, for: .creating(permissions: 0o640))
        }
    }
}

/// One line of the record.
struct CallRecord {
    let call: SimulatedCall
    /// What was used, in full or up to where the answer ended; nil for an error, which uses nothing.
    let usage: SimulatedUsage?
    let status: Int
    /// Whether the whole answer was sent as it should be.
    let isComplete: Bool
    let timeMicroseconds: Int64

    /// The line, with its end.
    var line: [UInt8] {
        var text = JSONText(reserving: 768)
        text.object { text in
            text.member("api", call.api.rawValue)
            text.member("id", usage == nil ? nil : call.id)
            text.member("model", call.model)
            text.key("usage")
            if let usage { usage.write(call.api, to: &text) } else { text.object { _ in } }
            text.member("serviceTier", usage == nil ? nil : call.serviceTier)
            text.member("status", status)
            text.member("streamed", call.isStreamed)
            text.member("complete", isComplete)
            text.member("sessionId", call.sessionID)
            text.member("at", UTCTime.text(microseconds: timeMicroseconds))
        }
        return text.bytes + [UInt8(ascii: "\n")]
    }
}
