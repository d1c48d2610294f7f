internal import JSON
internal import LedgerCore

/// Why a model of a published table was left out.
struct TableFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    /// Reads a price exactly from the text of its number.
    static func rate(
        _ value: JSONValue?, _ key: String, _ read: (String) throws(MoneyError) -> Rate
    ) throws(TableFault) -> Rate {
        guard let text = value?.rawNumber, let plain = ScientificNumber.plain(text), plain.first != "-" else {
            throw TableFault("\(key) is no price")
        }
        do throws(MoneyError) { return try read(plain) } catch {
            throw TableFault("\(key) is \(text), which cannot be kept exactly")
        }
    }
}
