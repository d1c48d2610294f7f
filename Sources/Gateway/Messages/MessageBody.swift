import JSON
import LedgerCore

/// The body of `POST /api/message`: `{text, sessionId?, user?, source?, model?}`.
struct MessageBody {
    let text: String
    let sessionID: String?
    let user: String?
    let source: String?
    let model: String?

    /// The longest message.
    static let textBytesMax = 256 << 10

    /// Reads one message.
    ///
    /// - Throws: what is wrong, in words for whoever sent it.
    init(_ value: JSONValue) throws(MessageError) {
        guard value.kind == .object else { throw MessageError("A message is a JSON object.") }
        for (key, _) in value.object where !Self.keys.contains(key) {
            throw MessageError("\"\(key.cut(charactersMax: 64))\" is no field of a message: \(Self.allowed).")
        }
        let text = try Self.string("text", in: value)
        guard let text, !text.utf8.isEmpty else { throw MessageError("\"text\" is missing or empty.") }
        guard text.utf8.count <= Self.textBytesMax else {
            throw MessageError("\"text\" is longer than \(Self.textBytesMax) bytes.")
        }
        self.text = text
        sessionID = try Self.name("sessionId", in: value, bytesMax: 128)
        user = try Self.name("user", in: value, bytesMax: 128)
        source = try Self.name("source", in: value, bytesMax: 64)
        model = try Self.name("model", in: value, bytesMax: 256)
    }

    private static let keys: Set<String> = ["text", "sessionId", "user", "source", "model"]
    private static let allowed = "text, sessionId, user, source and model are"

    private static func string(_ key: String, in value: JSONValue) throws(MessageError) -> String? {
        guard let member = value[key], !member.isNull else { return nil }
        guard let string = member.string else { throw MessageError("\"\(key)\" is not a string.") }
        return string
    }

    /// A name that is recorded and sent in headers: visible ASCII.
    private static func name(
        _ key: String, in value: JSONValue, bytesMax: Int
    ) throws(MessageError) -> String? {
        guard let name = try string(key, in: value) else { return nil }
        guard (1...bytesMax).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw MessageError("\"\(key)\" is not 1 to \(bytesMax) visible ASCII characters.") }
        return name
    }
}

/// What is wrong with a message.
struct MessageError: Error, Hashable {
    let text: String

    init(_ text: String) { self.text = text }
}
