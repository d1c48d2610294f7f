package import Files

/// Why the journal could not be opened, read or written.
package enum JournalError: Error, Hashable, Sendable {
    /// Another writer has the journal; its process id, where it could be read.
    case locked(directory: String, pid: Int?)
    /// Something is in the directory that a journal was to be put into.
    case occupied(directory: String)
    /// The bytes on disk are not what was acknowledged.
    case damaged(Damage)
    /// The first line does not follow from this origin: another journal, or a changed first line.
    case foreignOrigin(origin: String, path: String)
    /// The system refused a file operation.
    case io(FileError)
    /// An earlier append failed; the journal must be opened anew.
    case failed
    /// The caller's line does not carry the next position.
    case positionGap(expected: Int64)
    /// The caller's line is no single JSON line, or the ends do not cut the bytes into lines.
    case malformedLine(position: Int64)
    /// The caller's batch is larger than ``JournalWriter/batchBytesMax``.
    case batchTooLarge(bytes: Int)

    /// Damage at one place.
    package struct Damage: Hashable, Sendable {
        package let path: String
        /// Counted from 1.
        package let line: Int
        /// The offset of the line's first byte, counted from 0.
        package let byte: Int
        package let kind: Kind

        package init(path: String, line: Int, byte: Int, kind: Kind) {
            self.path = path
            self.line = line
            self.byte = byte
            self.kind = kind
        }

        /// What is wrong there.
        package enum Kind: Hashable, Sendable {
            /// The line does not start with `{"position":` or does not end with its chain.
            case malformed
            /// The position is not one more than that of the line before.
            case wrongPosition(expected: Int64, found: Int64)
            /// The bytes are not the ones that were hashed.
            case wrongChain
            /// A whole line is followed by something else than its newline.
            case newlineLost
            /// The file ends inside a line, yet another file follows.
            case unterminated
            /// The file is empty, yet another file follows.
            case emptySegment
            /// The line is longer than any that was written.
            case lineTooLong
            /// The file is missing, or shorter than a mark that was durable.
            case missing
            /// The line before a mark does not carry the mark's chain.
            case markMismatch
        }
    }
}

extension JournalError: CustomStringConvertible {
    /// What failed, where, and what to do next.
    package var description: String {
        switch self {
        case .locked(let directory, let pid):
            let holder = pid.map { "process \($0)" } ?? "another process"
            return "the journal in \(directory) is being written by \(holder); stop that process first"
        case .occupied(let directory):
            return
                "\(directory) is not empty, and nothing is overwritten: move it away, or give another --home"
        case .damaged(let damage):
            return "\(damage.path), line \(damage.line) (byte \(damage.byte)): \(damage.kind); "
                + "nothing was changed; \(Self.replace(damage.path))"
        case .foreignOrigin(let origin, let path):
            return
                "\(path), line 1 (byte 0): does not follow from the origin \"\(origin)\": LEDGER_ORIGIN is not "
                + "that of this journal, or the line was changed: then \(Self.replace(path))"
        case .io(let error):
            return error.isOutOfSpace
                ? "\(error); free some space, writing then goes on"
                : "\(error); check the disk and the permissions, then \(Self.look(error.path))"
        case .failed:
            return "an earlier append failed, and nothing is appended until the journal is opened anew"
        case .positionGap(let expected): return "a line for the journal does not carry position \(expected)"
        case .malformedLine(let position): return "the line for position \(position) is not one JSON line"
        case .batchTooLarge(let bytes):
            return "a batch of \(bytes) bytes is over the limit of \(JournalWriter.batchBytesMax)"
        }
    }

    private static func look(_ path: String) -> String {
        "run: dledger verify" + (home(of: path).map { " --home \($0)" } ?? "")
    }

    /// How a whole journal comes into the place of the one that `path` is of.
    private static func replace(_ path: String) -> String {
        guard let home = home(of: path) else { return "put a whole copy in its place" }
        return
            "stop the server, move \(home)/system/logs away, then run: dledger restore BACKUP --home \(home), "
            + "or dledger rebuild journal --from-postgres --home \(home), whichever has more"
    }

    /// The home that a journal's file is in; nil: the path does not say.
    private static func home(of path: String) -> Substring? {
        path.ranges(of: "/system/logs").last.map { path[..<$0.lowerBound] }
    }
}

extension JournalError.Damage.Kind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "not a journal line"
        case .wrongPosition(let expected, let found): "position \(found) stands where \(expected) belongs"
        case .wrongChain: "the chain does not match: this line, or the one before, was changed"
        case .newlineLost: "the newline after a whole line was changed"
        case .unterminated: "the file ends inside this line, yet another file follows"
        case .emptySegment: "the file is empty, yet another file follows"
        case .lineTooLong: "the line is longer than any that was written"
        case .missing: "lines that were durable are missing from here on"
        case .markMismatch: "the line before this place is not the one that was durable there"
        }
    }
}

/// Runs a file operation; its error becomes the journal's.
func io<Value>(_ operation: @autoclosure () throws(FileError) -> Value) throws(JournalError) -> Value {
    do { return try operation() } catch { throw .io(error) }
}
