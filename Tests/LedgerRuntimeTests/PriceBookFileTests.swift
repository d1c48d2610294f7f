import LedgerCore
import LedgerRuntime
import Testing

@Suite("PriceBookFile")
struct PriceBookFileTests {
    static let valid = """
        {"format":"dispatch-ledger-prices/1","currency":"USD","unpricedReserveUsd":"1","models":[
        {"provider":"anthropic","model":"claude-x","aliases":["claude-x-latest"],"outputTokensMax":64000,
        "source":"s","checked":"2026-11-24","prices":[{"from":"2025-09-29T00:00:00Z",
        "perMillion":{"input":"3","cacheRead":"0.3","output":"15"},"perThousand":{"webSearch":"10"},
        "tiers":[{"above":200000,"perMillion":{"input":"6"}}],"multipliers":{"batch":"0.5"}}]}]}
        """

    @Test("reads a book; a rate that a tier does not name stays the base's")
    func reads() throws {
        let book = try PriceBookFile.parse(Array(Self.valid.utf8), file: "f")
        #expect(book.hash.utf8.count == 64)
        #expect(book.unpricedReserve.decimalText == "1")
        let period = try #require(book.model("claude-x-latest", provider: "anthropic")?.periods.first)
        let high = period.rates(inputTokens: 200_001).rates
        #expect(high[.input] == (try Rate(dollarsPerMillion: "6")))
        #expect(high[.output] == (try Rate(dollarsPerMillion: "15")))
        #expect(high[.webSearch] == (try Rate(dollarsPerThousand: "10")))
        #expect(period.rates(inputTokens: 200_000).rates[.input] == (try Rate(dollarsPerMillion: "3")))
        #expect(period.adjustments == [.batch: .factor(try Multiplier("0.5"))])
    }

    /// ``valid`` with another way to price modifiers.
    static func withModifiers(_ text: String) -> [UInt8] {
        Array(valid.replacing("\"multipliers\":{\"batch\":\"0.5\"}", with: text, maxReplacements: 1).utf8)
    }

    @Test("reads factors by kind of token, and rates with tiers of their own")
    func readsAdjustments() throws {
        let book = try PriceBookFile.parse(
            Self.withModifiers(
                """
                "multipliers":{"fast":{"input":"2","output":"3"},"geoUs":"1.1"},
                "rates":{"priority":{"perMillion":{"input":"5"},
                "tiers":[{"above":200000,"perMillion":{"input":"9"}}]}}
                """), file: "f")
        let model = try #require(book.model("claude-x", provider: "anthropic"))
        let period = try #require(model.periods.first)
        func rate(
            _ bucket: UsageBucket, _ tokens: Int64, _ modifiers: Set<PriceModifier>
        ) throws -> Rate? {
            try period.rate(of: bucket, inputTokens: tokens, modifiers: modifiers)
        }
        #expect(try rate(.input, 1, [.fast]) == Rate(dollarsPerMillion: "6"))
        #expect(try rate(.output, 1, [.fast]) == Rate(dollarsPerMillion: "45"))
        #expect(try rate(.cacheRead, 1, [.fast]) == Rate(dollarsPerMillion: "0.3"))
        #expect(try rate(.input, 1, [.priority]) == Rate(dollarsPerMillion: "5"))
        #expect(try rate(.input, 200_001, [.priority]) == Rate(dollarsPerMillion: "9"))
        #expect(try rate(.output, 200_001, [.priority]) == Rate(dollarsPerMillion: "15"))
        #expect(try rate(.input, 200_001, [.priority, .geoUs]) == Rate(dollarsPerMillion: "9.9"))
        #expect(try rate(.webSearch, 1, [.fast, .priority]) == Rate(dollarsPerThousand: "10"))
        #expect(period.thresholds == [200_000])
        #expect(model.origin == ModelPrice.Origin(source: "s", checked: "2026-11-24"))
        #expect(model.inputTokensMax == nil)
    }

    static let refusedModifiers: [(text: String, path: String)] = [
        (#""rates":{"bulk":{"perMillion":{}}}"#, "\(price).rates.bulk"),
        (#""rates":{"batch":{}}"#, "\(price).rates.batch"),
        (#""rates":{"batch":{"perMillion":{"words":"1"}}}"#, "\(price).rates.batch.perMillion.words"),
        (#""rates":{"batch":{"perMillion":{},"perThousand":{}}}"#, "\(price).rates.batch.perThousand"),
        (#""multipliers":{"fast":{"webSearch":"2"}}"#, "\(price).multipliers.fast.webSearch"),
        (#""multipliers":{"batch":"2"},"rates":{"batch":{"perMillion":{}}}"#, "\(price).rates.batch"),
        // A rate of one modifier that another's factor makes inexact.
        (
            #""multipliers":{"geoUs":"1.1"},"rates":{"batch":{"perMillion":{"output":"0.000000000001"}}}"#,
            model
        ),
    ]

    @Test(
        "refuses a modifier that is not priced in one exact way, and says where", arguments: refusedModifiers)
    func refusesModifiers(_ test: (text: String, path: String)) throws {
        let error = try #require(throws: PriceBookFileError.self) {
            try PriceBookFile.parse(Self.withModifiers(test.text), file: "my.json")
        }
        #expect(error.path == test.path, "\(error)")
    }

    static let model = "$.models[0]"
    static let price = "$.models[0].prices[0]"
    static let refused: [(from: String, to: String, path: String)] = [
        ("prices/1", "prices/2", "$.format"), ("\"USD\"", "\"EUR\"", "$.currency"),
        ("\"models\":", "\"extra\":1,\"models\":", "$.extra"),
        (
            "\"unpricedReserveUsd\":\"1\",", "\"unpricedReserveUsd\":\"1000000000000001\",",
            "$.unpricedReserveUsd"
        ),
        (
            "\"unpricedReserveUsd\":\"1\",", "\"unpricedReserveUsd\":\"0.000\",", "$.unpricedReserveUsd"
        ), ("\"unpricedReserveUsd\":\"1\",", "", "$"),
        ("\"provider\":\"anthropic\",", "", model), ("\"checked\"", "\"cheked\"", "\(model).cheked"),
        ("2026-11-24", "2026-11-31", "\(model).checked"), ("64000", "\"64000\"", "\(model).outputTokensMax"),
        ("64000", "0", "\(model).outputTokensMax"),
        ("64000", "64000,\"inputTokensMax\":0", "\(model).inputTokensMax"),
        ("64000", "-1", "\(model).outputTokensMax"), ("64000", "1.5", "\(model).outputTokensMax"),
        ("2025-09-29T00:00:00Z", "2025-09-29", "\(price).from"),
        ("\"cacheRead\"", "\"cachedRead\"", "\(price).perMillion.cachedRead"),
        ("\"cacheRead\"", "\"webSearch\"", "\(price).perMillion.webSearch"),
        ("\"cacheRead\"", "\"input\"", "\(price).perMillion.input"),
        ("\"0.3\"", "0.3", "\(price).perMillion.cacheRead"),
        ("\"0.3\"", "\"3e-1\"", "\(price).perMillion.cacheRead"),
        ("\"0.3\"", "\"-0.3\"", "\(price).perMillion.cacheRead"),
        ("\"0.3\"", "\"0.08333333333333334\"", "\(price).perMillion.cacheRead"),
        ("\"0.3\"", "\"0.000000000001\"", model),
        ("\"webSearch\"", "\"codeRun\"", "\(price).perThousand.codeRun"),
        ("\"above\"", "\"over\"", "\(price).tiers[0].over"),
        ("\"batch\"", "\"bulk\"", "\(price).multipliers.bulk"),
        ("\"0.5\"", "\"0.0000001\"", "\(price).multipliers.batch"),
        ("claude-x-latest", "claude-x", "$.models"),
        ("\"prices\":[{", "\"prices\":[],\"x\":[{", "\(model).x"), ("{\"format\"", "[{\"format\"", "$"),
    ]

    @Test("refuses a book with one thing wrong, and says where", arguments: refused)
    func refuses(_ change: (from: String, to: String, path: String)) throws {
        let (from, to, path) = change
        let parts = Self.valid.split(separator: from, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let error = try #require(throws: PriceBookFileError.self) {
            try PriceBookFile.parse(Array("\(parts[0])\(to)\(parts[1])".utf8), file: "my.json")
        }
        #expect(error.path == path, "\(error)")
        #expect(error.description.hasPrefix("my.json: $"))
    }

    @Test("a model that writes nothing needs no limit of what it writes, a price of zero is none")
    func embeddings() throws {
        let silent = Self.valid.replacing("64000", with: "0").replacing(#","output":"15""#, with: "")
        let free = Self.valid.replacing("64000", with: "0").replacing(#""15""#, with: #""0.0""#)
        for text in [silent, free] {
            let book = try PriceBookFile.parse(Array(text.utf8), file: "f")
            #expect(book.models.first?.outputTokensMax == 0)
        }
        // What a tier or a modifier alone gives a price counts too.
        for other in [
            silent.replacing(#""perMillion":{"input":"6"}"#, with: #""perMillion":{"outputAudio":"1"}"#),
            silent.replacing(
                #""multipliers":{"batch":"0.5"}"#,
                with: #""rates":{"batch":{"perMillion":{"outputImage":"1"}}}"#),
        ] {
            try #require(other != silent)
            let error = #expect(throws: PriceBookFileError.self) {
                try PriceBookFile.parse(Array(other.utf8), file: "f")
            }
            #expect(error?.path == "\(Self.model).outputTokensMax")
        }
    }

    /// ``valid`` with prices of compute.
    static func withCompute(_ list: String) -> [UInt8] {
        Array(
            valid.replacing("\"models\":", with: "\"compute\":\(list),\"models\":", maxReplacements: 1).utf8)
    }

    @Test("reads prices of compute, which a book need not have")
    func readsCompute() throws {
        let plain = try PriceBookFile.parse(Array(Self.valid.utf8), file: "f")
        #expect(plain.compute.isEmpty)
        #expect(try PriceBookFile.embedded().compute.isEmpty)
        let list = """
            [{"from":"2026-02-01T00:00:00Z","cpuSecondUsd":"0.00006","gibibyteHourUsd":"0","source":"s"},
            {"from":"2026-01-01T00:00:00Z","cpuSecondUsd":"0.00003","gibibyteHourUsd":"0.0045","source":"s"}]
            """
        let book = try PriceBookFile.parse(Self.withCompute(list), file: "f")
        let last = try #require(Timestamp("2026-01-31T00:00:00Z".utf8))
        let before = try #require(Timestamp("2025-12-31T00:00:00Z".utf8))
        let price = try #require(book.compute(at: last))
        #expect(try price.cost(cpuMilliseconds: 2_000, mebibyteSeconds: 3_686_400) == (try usd("0.00456")))
        #expect(book.compute(at: before) == nil)
        #expect(try PriceBookFile.parse(Self.withCompute("[]"), file: "f").compute.isEmpty)
    }

    static let refusedCompute: [(from: String, to: String, path: String)] = [
        ("2026-01-01T00:00:00Z", "2026-01-01", "$.compute[0].from"),
        ("\"0.00003\"", "\"0.0000000000000001\"", "$.compute[0].cpuSecondUsd"),
        ("\"0.00003\"", "0.00003", "$.compute[0].cpuSecondUsd"),
        ("\"0.00003\"", "\"-1\"", "$.compute[0].cpuSecondUsd"),
        ("\"0.0045\"", "\"0.005\"", "$.compute[0].gibibyteHourUsd"),
        ("cpuSecondUsd", "cpuHourUsd", "$.compute[0].cpuHourUsd"),
        (",\"gibibyteHourUsd\":\"0.0045\"", "", "$.compute[0]"), (",\"source\":\"s\"", "", "$.compute[0]"),
        (
            "}]",
            "},{\"from\":\"2026-01-01T00:00:00Z\",\"cpuSecondUsd\":\"1\",\"gibibyteHourUsd\":\"0\",\"source\":\"t\"}]",
            "$.compute"
        ),
    ]

    @Test(
        "refuses a price of compute that is not exact or not whole, and says where", arguments: refusedCompute
    )
    func refusesCompute(_ change: (from: String, to: String, path: String)) throws {
        let list = """
            [{"from":"2026-01-01T00:00:00Z","cpuSecondUsd":"0.00003","gibibyteHourUsd":"0.0045","source":"s"}]
            """
        let changed = list.replacing(change.from, with: change.to)
        try #require(changed != list)
        let error = try #require(throws: PriceBookFileError.self) {
            try PriceBookFile.parse(Self.withCompute(changed), file: "my.json")
        }
        #expect(error.path == change.path, "\(error)")
    }

    @Test("the nearest exact price that a refusal names is taken")
    func nearest() throws {
        func list(_ hour: String) -> String {
            "[{\"from\":\"2026-01-01T00:00:00Z\",\"cpuSecondUsd\":\"0\",\"gibibyteHourUsd\":\"\(hour)\",\"source\":\"s\"}]"
        }
        let error = try #require(throws: PriceBookFileError.self) {
            try PriceBookFile.parse(Self.withCompute(list("0.005")), file: "f")
        }
        let named = try #require(error.reason.split(separator: "\"").last.map(String.init))
        #expect(named.hasPrefix("0.00"))
        #expect(try PriceBookFile.parse(Self.withCompute(list(named)), file: "f").compute.count == 1)
    }

    @Test("the book that the binary carries is sound and prices what people use")
    func embedded() throws {
        let book = try PriceBookFile.embedded()
        let names: [(String, String)] = [
            ("anthropic", "claude-sonnet-4-5-20250929"), ("anthropic", "claude-opus-4-1-20250805"),
            ("anthropic", "claude-haiku-4-5"), ("anthropic", "claude-sonnet-4-20250514"),
            ("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-4o-mini"), ("openai", "gpt-4.1-mini"),
            ("openai", "gpt-5"), ("openai", "o3"), ("openai", "o4-mini-2025-04-16"),
            ("openai", "text-embedding-3-small"), ("openai", "text-embedding-3-large"),
            ("gemini", "gemini-2.5-pro"), ("gemini", "gemini-2.5-flash"),
        ]
        for (provider, name) in names {
            #expect(book.model(name, provider: provider) != nil, "\(provider) \(name)")
        }
        #expect(book.model("gpt-4o-2024-05-13", provider: "openai")?.name == "gpt-4o-2024-05-13")
        let sorted = book.models.map { "\($0.provider) \($0.name)" }
        #expect(sorted == sorted.sorted())
    }
}
