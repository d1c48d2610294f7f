internal import JSON
package import LedgerCore

/// Prices as somebody publishes them, and what of them could not be read.
package struct PublishedPrices: Sendable {
    /// Whose they are: `genai-prices`, `litellm`.
    package let format: Format
    /// The models of the providers that the ledger speaks with.
    package var models: [PublishedModel] = []
    /// What was left out, each with its reason.
    package var skipped: [String] = []

    /// A layout of a published price table.
    package enum Format: String, CaseIterable, Sendable {
        case genaiPrices = "genai-prices"
        case litellm
    }

    /// Reads a table; without `format`, whichever it looks like.
    ///
    /// - Throws: a ``PriceBookFileError`` when it is neither, or not JSON.
    package static func parse(
        _ bytes: [UInt8], format: Format?, file: String
    ) throws(PriceBookFileError) -> PublishedPrices {
        let document: JSONDocument
        do throws(JSONError) { document = try JSONDocument.parse(bytes) } catch {
            throw PriceBookFileError(file: file, path: "$", reason: error.message)
        }
        let root = document.root
        switch (format, root.kind) {
        case (.genaiPrices?, .array), (nil, .array): return GenAIPricesTable.read(root)
        case (.litellm?, .object), (nil, .object): return LiteLLMTable.read(root)
        default:
            throw PriceBookFileError(
                file: file, path: "$",
                reason: "not a table of \(format?.rawValue ?? "genai-prices or litellm")")
        }
    }

    /// The model called `name`.
    package func model(_ name: String, provider: String) -> PublishedModel? {
        models.first { $0.provider == provider && ($0.name == name || $0.aliases.contains(name)) }
    }
}

/// One model of a published table.
package struct PublishedModel: Hashable, Sendable {
    /// The provider, as the ledger calls it.
    package let provider: String
    /// The model's name.
    package let name: String
    /// Other exact names.
    package var aliases: [String] = []
    /// The most output tokens of one answer, where it is listed.
    package var outputTokensMax: Int64?
    /// The most input tokens, where they are listed.
    package var inputTokensMax: Int64?
    /// Its prices, oldest first.
    package var sheets: [PriceSheet] = []
    /// The page that the table names as its own source.
    package var page: String?

    /// The prices in force at `time`.
    package func sheet(at time: Timestamp) -> PriceSheet? {
        sheets.last { $0.from.map { $0 <= time } ?? true }
    }
}
