internal import Crypto
internal import JSON
package import LedgerCore

/// A price book in its file form, `dispatch-ledger-prices/1`.
///
/// Strict: a key that is not known, a price that is not exact or a name that two models share refuses the
/// whole file, and says where. A book is identified by the hash of its bytes.
package enum PriceBookFile {
    static let format = "dispatch-ledger-prices/1"

    /// The book that the binary carries, for when no file is given.
    package static func embedded() throws(PriceBookFileError) -> PriceBook {
        try parse(Array(EmbeddedPrices.json.utf8), file: "the embedded price book")
    }

    /// Reads a book from the bytes of `file`, whose name is only for messages.
    package static func parse(_ bytes: [UInt8], file: String) throws(PriceBookFileError) -> PriceBook {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(bytes)
        } catch {
            throw PriceBookFileError(file: file, path: "$", reason: error.message)
        }
        let hash = SHA256.hash(of: bytes).description
        do throws(PriceField.Fault) {
            return try book(PriceField(document.root), hash: hash)
        } catch {
            throw PriceBookFileError(file: file, path: error.path, reason: error.reason)
        }
    }

    private static func book(_ root: PriceField, hash: String) throws(PriceField.Fault) -> PriceBook {
        try root.expectKeys(["format", "currency", "unpricedReserveUsd", "models", "compute"])
        let format = try root.member("format")
        guard try format.text() == Self.format else { throw format.fault("must be \(Self.format)") }
        let currency = try root.member("currency")
        guard try currency.text() == "USD" else { throw currency.fault("must be USD") }
        let unpriced = try root.member("unpricedReserveUsd")
        let reserve = try unpriced.exact { text throws(MoneyError) in try Money(decimal: text) }
        guard reserve > .zero else { throw unpriced.fault("must be more than 0: no call is free") }
        guard reserve <= .amountMax else { throw unpriced.fault("too large") }
        var models: [ModelPrice] = []
        let list = try root.member("models")
        for field in try list.elements() { models.append(try model(field)) }
        var compute: [ComputePrice] = []
        for field in try root.optional("compute")?.elements() ?? [] {
            compute.append(try self.compute(field))
        }
        do throws(PriceBookError) {
            return try PriceBook(
                hash: hash, unpricedReserve: reserve, models: models, compute: compute)
        } catch {
            let place = try error == .ambiguousCompute ? root.member("compute") : list
            throw place.fault(error.reason)
        }
    }

    private static func model(_ field: PriceField) throws(PriceField.Fault) -> ModelPrice {
        try field.expectKeys([
            "provider", "model", "aliases", "outputTokensMax", "inputTokensMax", "source", "checked",
            "prices",
        ])
        let source = try field.member("source").text()
        let day = try field.member("checked")
        let checked = try day.text()
        guard Day(checked.utf8) != nil else { throw day.fault("must be a day, YYYY-MM-DD") }
        var aliases: [String] = []
        for alias in try field.optional("aliases")?.elements() ?? [] { aliases.append(try alias.text()) }
        var periods: [PricePeriod] = []
        for period in try field.member("prices").elements() { periods.append(try self.period(period)) }
        let provider = try field.member("provider").text()
        let name = try field.member("model").text()
        let outputTokensMax = try field.member("outputTokensMax").count()
        let inputTokensMax = try field.optional("inputTokensMax")?.count()
        do throws(PriceBookError) {
            return try ModelPrice(
                provider: provider, name: name, aliases: aliases, outputTokensMax: outputTokensMax,
                inputTokensMax: inputTokensMax,
                origin: ModelPrice.Origin(source: source, checked: checked), periods: periods)
        } catch {
            switch error {
            case .noOutputLimit: throw try field.member("outputTokensMax").fault(error.reason)
            case .noInputLimit: throw try field.member("inputTokensMax").fault(error.reason)
            default: throw field.fault(error.reason)
            }
        }
    }

    private static func compute(_ field: PriceField) throws(PriceField.Fault) -> ComputePrice {
        try field.expectKeys(["from", "cpuSecondUsd", "gibibyteHourUsd", "source"])
        let source = try field.member("source").text()
        let from = try moment(field)
        // A second is a thousand milliseconds.
        let cpu = try field.member("cpuSecondUsd").exact { text throws(MoneyError) in
            try Rate(dollarsPerThousand: text)
        }
        let memory = try field.member("gibibyteHourUsd")
        let hour = try memory.exact { text throws(MoneyError) in try Money(decimal: text) }
        do throws(MoneyError) {
            return ComputePrice(
                from: from, cpuMillisecond: cpu,
                mebibyteSecond: try Rate(dollarsPerGibibyteHour: hour.decimalText), source: source)
        } catch {
            let exact = Rate.exactGibibyteHour(near: hour)?.decimalText ?? "0"
            throw memory.fault(
                "a mebibyte-second of it is finer than 10^-18 USD; the nearest exact price is \"\(exact)\"")
        }
    }
}

/// Why a price book's file was refused, and where.
package struct PriceBookFileError: Error, Hashable, CustomStringConvertible {
    /// The file.
    package let file: String
    /// The place in it: `$.models[3].prices[0].perMillion.input`.
    package let path: String
    /// What is wrong there.
    package let reason: String

    /// What a person reads.
    package var description: String { "\(file): \(path): \(reason)" }
}

extension PriceBookError {
    /// What a person reads.
    var reason: String {
        switch self {
        case .duplicateName(let provider, let name): "two models of \(provider) are called \(name)"
        case .ambiguousCompute: "two prices of compute are from one moment"
        case .ambiguousDates(_, let name): "\(name) has no price, or two from one moment"
        case .inexact(_, let name, let bucket):
            "a price of \(name) (\(bucket.rawValue)) times its multipliers is finer than 10^-18 USD a token"
        case .noOutputLimit(_, let name): "must be more than 0: output of \(name) has a price"
        case .noInputLimit(_, let name): "must be more than 0; leave it out where \(name) has no known limit"
        }
    }
}
