import JSON
import LedgerCore

/// What a shell asks for: one JSON object in one text.
enum ShellCommand: Hashable {
    /// A message for an agent; `tag` is the shell's own name for it.
    case message(text: String, sessionID: String?, model: String?, tag: String?)
    /// A run is to end.
    case abort(UniqueID)
    /// Are you there?
    case ping

    /// Reads a command.
    ///
    /// - Throws: what is wrong, in words for whoever sent it.
    init(_ text: String, parser: JSONParser, textBytesMax: Int) throws(ShellCommandError) {
        guard let root = Self.parse(text, parser), root.kind == .object else {
            throw ShellCommandError("A message is a JSON object.")
        }
        let tag = try Self.string("id", in: root, ShellCommandError(""))
        if let tag, tag.utf8.count > 128 { throw ShellCommandError("\"id\" is longer than 128 bytes.") }
        let nothing = ShellCommandError("", tag: tag)
        switch try Self.string("type", in: root, nothing) {
        case "message":
            let words = try Self.string("text", in: root, nothing) ?? ""
            guard !words.isEmpty else { throw nothing.saying("\"text\" is missing or empty.") }
            guard words.utf8.count <= textBytesMax else {
                throw nothing.saying("\"text\" is longer than \(textBytesMax) bytes.")
            }
            self = .message(
                text: words, sessionID: try Self.name("sessionId", in: root, bytesMax: 128, nothing),
                model: try Self.name("model", in: root, bytesMax: 256, nothing), tag: tag)
        case "abort":
            guard let id = try Self.string("dispatchId", in: root, nothing), let id = UniqueID(id.utf8)
            else { throw nothing.saying("\"dispatchId\" is missing or no identifier.") }
            self = .abort(id)
        case "ping": self = .ping
        default: throw nothing.saying("\"type\" is message, abort or ping.")
        }
    }

    private static func parse(_ text: String, _ parser: JSONParser) -> JSONValue? {
        var text = text
        return text.withUTF8 { bytes in
            try? parser.parse(UnsafeRawBufferPointer(bytes), depthMax: 16).root
        }
    }

    private static func string(
        _ key: String, in root: JSONValue, _ error: ShellCommandError
    ) throws(ShellCommandError) -> String? {
        guard let member = root[key], !member.isNull else { return nil }
        guard let string = member.string else { throw error.saying("\"\(key)\" is not a string.") }
        return string
    }

    /// A name that is recorded and sent in headers: visible ASCII.
    private static func name(
        _ key: String, in root: JSONValue, bytesMax: Int, _ error: ShellCommandError
    ) throws(ShellCommandError) -> String? {
        guard let name = try string(key, in: root, error) else { return nil }
        guard (1...bytesMax).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw error.saying("\"\(key)\" is not 1 to \(bytesMax) visible ASCII characters.") }
        return name
    }
}

/// What is wrong with a text from a shell.
struct ShellCommandError: Error, Hashable {
    let message: String
    /// The shell's own name for it, where it could be read.
    let tag: String?

    init(_ message: String, tag: String? = nil) {
        self.message = message
        self.tag = tag
    }

    func saying(_ message: String) -> ShellCommandError { ShellCommandError(message, tag: tag) }
}
