internal import JSON
internal import LedgerCore

/// A value in a price book's file that knows its own place, for messages.
struct PriceField {
    /// What is wrong, and where.
    struct Fault: Error {
        let path: String
        let reason: String
    }

    private let value: JSONValue
    private let path: String

    /// The whole document.
    init(_ root: JSONValue) { self.init(root, path: "$") }

    private init(_ value: JSONValue, path: String) {
        self.value = value
        self.path = path
    }

    /// Whether this is an object.
    var isObject: Bool { value.kind == .object }

    /// A fault at this place.
    func fault(_ reason: String) -> Fault { Fault(path: path, reason: reason) }

    /// Refuses an object with a key that is not in `known`, or with one key twice.
    func expectKeys(_ known: Set<String>) throws(Fault) {
        for (key, field) in try members() where !known.contains(key) { throw field.fault("unknown key") }
    }

    /// The members, in order.
    func members() throws(Fault) -> [(key: String, field: PriceField)] {
        guard value.kind == .object else { throw fault("must be an object") }
        var members: [(key: String, field: PriceField)] = []
        var seen: Set<String> = []
        for (key, member) in value.object {
            let field = PriceField(member, path: "\(path).\(key)")
            guard seen.insert(key).inserted else { throw field.fault("the same key twice") }
            members.append((key, field))
        }
        return members
    }

    /// The member called `key`.
    func member(_ key: String) throws(Fault) -> PriceField {
        guard let member = try optional(key) else { throw fault("\(key) is missing") }
        return member
    }

    /// The member called `key`, if there is one.
    func optional(_ key: String) throws(Fault) -> PriceField? {
        guard value.kind == .object else { throw fault("must be an object") }
        return value[key].map { PriceField($0, path: "\(path).\(key)") }
    }

    /// The elements.
    func elements() throws(Fault) -> [PriceField] {
        guard value.kind == .array else { throw fault("must be a list") }
        return value.array.enumerated().map { PriceField($1, path: "\(path)[\($0)]") }
    }

    /// A text that is not empty.
    func text() throws(Fault) -> String {
        guard let text = value.string, !text.isEmpty else { throw fault("must be a text") }
        return text
    }

    /// A whole number, not negative and of a size that can be.
    func count() throws(Fault) -> Int64 {
        guard let count = value.int64, (0...Usage.countMax).contains(count) else {
            throw fault("must be a whole number, not negative")
        }
        return count
    }

    /// A decimal written as text, never as a JSON number, and not negative.
    func exact<Value>(_ read: (String) throws(MoneyError) -> Value) throws(Fault) -> Value {
        let text = try text()
        guard text.utf8.first != UInt8(ascii: "-") else { throw fault("must not be negative") }
        do throws(MoneyError) {
            return try read(text)
        } catch {
            switch error {
            case .notDecimal: throw fault("must be a plain decimal in quotes, like \"0.25\"")
            case .inexact: throw fault("finer than can be kept exactly")
            case .overflow: throw fault("too large")
            }
        }
    }
}
