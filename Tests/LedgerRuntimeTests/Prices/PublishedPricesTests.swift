import Foundation
import LedgerCore
import LedgerRuntime
import Testing

/// Small tables with the layouts and fields of the real ones.
enum PriceTables {
    static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appending(path: "Golden/prices").appending(path: name)))
    }

    static func litellm() throws -> PublishedPrices {
        try PublishedPrices.parse(try bytes("litellm.json"), format: nil, file: "litellm.json")
    }

    static func genaiPrices() throws -> PublishedPrices {
        try PublishedPrices.parse(try bytes("genai-prices.json"), format: nil, file: "genai-prices.json")
    }
}

@Suite("PublishedPrices")
struct PublishedPricesTests {
    private func texts(_ sheet: PriceSheet) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: sheet.rates.map { entry, rate in
                (entry.text, entry.bucket == .webSearch ? rate.perThousandText : rate.perMillionText)
            })
    }

    @Test("reads LiteLLM's prices by token exactly, with every suffix")
    func litellm() throws {
        let prices = try PriceTables.litellm()
        #expect(prices.format == .litellm)
        #expect(
            Set(prices.models.map(\.name)) == [
                "claude-opus-4-6", "claude-sonnet-4-5-20250929", "gpt-5.6-sol", "o4-mini", "gpt-4o",
                "text-embedding-3-small", "gemini-2.5-flash",
            ])
        let opus = try #require(prices.model("claude-opus-4-6", provider: "anthropic"))
        #expect(
            texts(try #require(opus.sheets.first)) == [
                "input": "5", "output": "25", "cacheRead": "0.5", "cacheWrite5m": "6.25",
                "cacheWrite1h": "10",
                "webSearch": "10", "fast input": "30", "fast output": "150", "fast cacheRead": "3",
                "fast cacheWrite5m": "37.5", "fast cacheWrite1h": "60",
            ])
        #expect(opus.sheets.first?.factors == [.geoUs: try Multiplier("1.1")])
        #expect(opus.outputTokensMax == 128_000 && opus.inputTokensMax == 1_000_000)
        let sonnet = try #require(
            prices.model("claude-sonnet-4-5-20250929", provider: "anthropic")?.sheets.first)
        #expect(texts(sonnet)["cacheWrite1h above 200000"] == "12")
        #expect(texts(sonnet)["output above 200000"] == "22.5")
        let sol = texts(try #require(prices.model("gpt-5.6-sol", provider: "openai")?.sheets.first))
        #expect(sol["priority cacheRead above 272000"] == "1.6")
        #expect(sol["priority cacheWrite5m"] == "10")
        // What flex costs above 272,000 is not said, so nothing of flex is taken.
        #expect(sol.keys.contains { $0.hasPrefix("flex") } == false)
        let mini = texts(try #require(prices.model("o4-mini", provider: "openai")?.sheets.first))
        #expect(mini["flex cacheRead"] == "0.1375")
    }

    @Test("says what it left out of LiteLLM's table, and why")
    func litellmSkipped() throws {
        let skipped = try PriceTables.litellm().skipped
        for reason in [
            "openai gpt-thirds: input_cost_per_token is 8.333333333333334e-08, which cannot be kept exactly",
            "openai gpt-thoughts: reasoning has a price of its own",
            "openai gpt-5.6-sol: no price of flex for long prompts; its prices are left as they are",
        ] { #expect(skipped.contains(reason), "\(skipped)") }
    }

    @Test("reads genai-prices with its days, tiers and variants")
    func genaiPrices() throws {
        let prices = try PriceTables.genaiPrices()
        #expect(
            prices.models.map { "\($0.provider) \($0.name)" } == [
                "openai gpt-5.6-sol", "openai o4-mini", "openai gpt-4o", "gemini gemini-2.5-flash",
            ])
        let sol = try #require(prices.model("gpt-5.6", provider: "openai"))
        #expect(sol.page == "https://developers.openai.com/api/docs/pricing")
        let days = ["2026-08-21", "2026-11-01"].map { Day($0.utf8)?.start }
        #expect(sol.sheets.map(\.from) == [nil] + days)
        let (first, second, third) = (texts(sol.sheets[0]), texts(sol.sheets[1]), texts(sol.sheets[2]))
        // The first prices of a variant hold for the prices that they were seen beside, not before.
        #expect(first["priority input"] == nil && first["batch input"] == nil)
        #expect(second["priority input"] == "8" && second["priority output above 272000"] == "60")
        #expect(second["batch input"] == "2" && third["batch input"] == "1.5")
        #expect(first["input above 272000"] == "10" && second["input above 272000"] == "8")
        #expect(second["webSearch"] == "10")
        let flash = try #require(prices.model("gemini-2.5-flash-latest", provider: "gemini"))
        #expect(texts(try #require(flash.sheets.first))["inputAudio"] == "1")
        for reason in [
            "openai gpt-thirds: input_mtok is 0.08333333333333334, which cannot be kept exactly",
            "openai gpt-by-night: its prices depend on the time of day",
            "storage_searches_kcount, in 2 prices: not billed by the ledger",
        ] { #expect(prices.skipped.contains(reason), "\(prices.skipped)") }
    }

    @Test("what is neither table is refused", arguments: ["3", "\"x\"", "{", ""])
    func refuses(_ text: String) {
        #expect(throws: PriceBookFileError.self) {
            try PublishedPrices.parse(Array(text.utf8), format: nil, file: "f")
        }
        #expect(throws: PriceBookFileError.self) {
            try PublishedPrices.parse(Array("[]".utf8), format: .litellm, file: "f")
        }
    }
}
