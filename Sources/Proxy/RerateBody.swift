import JSON
import LedgerCore
import LedgerRuntime

/// Reads `{prices?, since?, until?, model?, user?, unpricedOnly?, reason?, dryRun?}`.
enum RerateBody {
    static func read(
        _ bytes: [UInt8], parser: JSONParser, running book: PriceBook
    ) throws(RerateBodyError) -> RerateOrder {
        let document: JSONDocument
        do throws(JSONError) { document = try parser.parse(bytes) } catch {
            throw RerateBodyError("The body is not JSON: \(error.message).")
        }
        guard document.root.kind == .object else { throw RerateBodyError("The body is not an object.") }
        if let key = document.root.repeatedKey {
            throw RerateBodyError("\"\(key.prefix(64))\" is given more than once.")
        }
        var scope = Rerating.Scope()
        var book = book
        var reason = "prices were corrected"
        var isDryRun = false
        for (key, value) in document.root.object {
            switch key {
            case "prices": book = try prices(value)
            case "since": scope.since = try moment(key, value)
            case "until": scope.until = try moment(key, value)
            case "model": scope.model = try text(key, value)
            case "user":
                guard let user = UserID(try text(key, value)) else {
                    throw RerateBodyError("user is not a user's name.")
                }
                scope.user = user
            case "unpricedOnly": scope.unpricedOnly = try flag(key, value)
            case "dryRun": isDryRun = try flag(key, value)
            case "reason": reason = try self.reason(text(key, value))
            default:
                throw RerateBodyError(
                    "\"\(key.prefix(64))\" is unknown; known: prices, since, until, model, user, unpricedOnly, "
                        + "reason, dryRun.")
            }
        }
        return RerateOrder(scope, by: book, reason: reason, actor: "admin", isDryRun: isDryRun)
    }

    /// A whole price file as a string, byte for byte: its hash is the book's name.
    private static func prices(_ value: JSONValue) throws(RerateBodyError) -> PriceBook {
        guard let text = value.string else {
            throw RerateBodyError("prices is not a string: send the file's text.")
        }
        do throws(PriceBookFileError) {
            return try PriceBookFile.parse(Array(text.utf8), file: "prices")
        } catch { throw RerateBodyError("\(error)") }
    }

    private static func moment(_ key: String, _ value: JSONValue) throws(RerateBodyError) -> Timestamp {
        guard let moment = value.string.flatMap({ Timestamp($0.utf8) }) else {
            throw RerateBodyError("\(key) is not a time such as 2026-11-24T22:00:00Z.")
        }
        return moment
    }

    private static func text(_ key: String, _ value: JSONValue) throws(RerateBodyError) -> String {
        guard let text = value.string else { throw RerateBodyError("\(key) is not a string.") }
        return text
    }

    private static func flag(_ key: String, _ value: JSONValue) throws(RerateBodyError) -> Bool {
        guard let flag = value.bool else { throw RerateBodyError("\(key) is not true or false.") }
        return flag
    }

    private static func reason(_ text: String) throws(RerateBodyError) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, (1...CostAdjusted.reasonScalarsMax).contains(text.unicodeScalars.count) else {
            throw RerateBodyError(
                "reason is not 1 to \(CostAdjusted.reasonScalarsMax) characters in one line.")
        }
        return text
    }
}

/// Why a body is no order, in words for its sender.
struct RerateBodyError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
