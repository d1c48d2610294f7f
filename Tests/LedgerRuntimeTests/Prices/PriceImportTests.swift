import LedgerCore
import LedgerRuntime
import Testing

@Suite("PriceImport")
struct PriceImportTests {
    /// A book of before: the sun was dearer, the small one had factors that were nearly right.
    static let text = """
        {"format":"dispatch-ledger-prices/1","currency":"USD","unpricedReserveUsd":"1","models":[
        {"provider":"anthropic","model":"claude-opus-4-6","outputTokensMax":128000,"source":"s",
        "checked":"2026-01-01","prices":[{"from":"2026-01-01T00:00:00Z","perMillion":{"input":"5",
        "cacheRead":"0.5","cacheWrite5m":"6.25","cacheWrite1h":"10","output":"25"},
        "perThousand":{"webSearch":"10"},"multipliers":{"batch":"0.5","fast":"6","geoUs":"1.1"}}]},
        {"provider":"gemini","model":"gemini-1","outputTokensMax":8192,"source":"s","checked":"2026-01-01",
        "prices":[{"from":"2026-01-01T00:00:00Z","perMillion":{"input":"1","output":"2"}}]},
        {"provider":"openai","model":"gpt-5.6-sol","outputTokensMax":128000,"source":"s",
        "checked":"2026-01-01","prices":[{"from":"2026-01-01T00:00:00Z","perMillion":{"input":"5",
        "output":"30"},"multipliers":{"flex":"0.5"}},{"from":"2027-01-01T00:00:00Z",
        "perMillion":{"input":"1","output":"3"}}]},
        {"provider":"openai","model":"o4-mini","outputTokensMax":100000,"source":"s","checked":"2026-01-01",
        "prices":[{"from":"2026-01-01T00:00:00Z","perMillion":{"input":"1.1","cacheRead":"0.275",
        "output":"4.4"},"multipliers":{"batch":"0.5","priority":"1.818182"}}]}],
        "compute":[{"from":"2026-01-01T00:00:00Z","cpuSecondUsd":"0.00003","gibibyteHourUsd":"0.0045",
        "source":"our machines"}]}
        """

    private let book: PriceBook
    private let day: Timestamp

    init() throws {
        book = try PriceBookFile.parse(Array(Self.text.utf8), file: "f")
        day = try #require(Day("2026-11-28".utf8)).start
    }

    private func work(_ published: PublishedPrices, _ second: PublishedPrices? = nil) -> PriceImport {
        PriceImport(
            book: book, published: published, second: second, from: day,
            origin: ModelPrice.Origin(source: "t", checked: "2026-11-28"))
    }

    private func bytes(_ result: PriceImportResult) -> [UInt8] {
        PriceBookText.bytes(
            models: result.models, unpricedReserve: book.unpricedReserve, compute: book.compute)
    }

    @Test("a change holds from its day on, and what was used before keeps its price")
    func fromADay() throws {
        let result = work(try PriceTables.genaiPrices()).run()
        let new = try PriceBookFile.parse(bytes(result), file: "new")
        func input(
            _ name: String, _ moment: Timestamp, _ modifiers: Set<PriceModifier> = []
        ) throws -> String? {
            let period = new.model(name, provider: "openai")?.period(at: moment)
            return try period?.rate(of: .input, inputTokens: 1, modifiers: modifiers)?.perMillionText
        }
        let before = Timestamp(microseconds: day.microseconds - 1)
        #expect(try input("gpt-5.6-sol", before) == "5")
        #expect(try input("gpt-5.6-sol", day) == "4")
        // The table does not list flex: the book's factor stays, on the new price.
        #expect(try input("gpt-5.6-sol", day, [.flex]) == "2")
        #expect(try input("o4-mini", before, [.priority]) == "2.0000002")
        #expect(try input("o4-mini", day, [.priority]) == "2")
        #expect(try input("o4-mini", day, [.batch]) == "0.55")
        #expect(new.model("o4-mini-high", provider: "openai")?.name == "o4-mini")
        #expect(result.added.map(\.name) == ["gpt-4o", "gemini-2.5-flash"])
        #expect(result.changed.map(\.model.name) == ["gpt-5.6-sol", "o4-mini"])
        let changes = try #require(result.changed.last?.periods.first).changes
        let output = try #require(changes.first { $0.entry.text == "priority output" })
        #expect(output.old?.perMillionText == "8.0000008" && output.new?.perMillionText == "8")
        #expect(result.unlisted == ["gemini gemini-1"])
        #expect(new.compute == book.compute)
        #expect(new.model("gemini-1", provider: "gemini")?.origin.checked == "2026-01-01")
        #expect(new.model("o4-mini", provider: "openai")?.origin.checked == "2026-11-28")
    }

    @Test("the same table once more changes nothing, to the byte")
    func again() throws {
        let published = try PriceTables.genaiPrices()
        let first = bytes(work(published).run())
        var second = work(published)
        second.book = try PriceBookFile.parse(first, file: "first")
        let result = second.run()
        #expect(result.changed.isEmpty && result.added.isEmpty && result.unchanged == 4)
        #expect(bytes(result) == first)
    }

    @Test("a table with days keeps what it says of the future; one without keeps the book's")
    func future() throws {
        let later = try #require(Day("2027-02-01".utf8)).start
        func input(_ published: PublishedPrices) throws -> String? {
            work(published).run().models.first { $0.name == "gpt-5.6-sol" }?.period(at: later)?
                .base.rates[.input]?.perMillionText
        }
        #expect(try input(PriceTables.genaiPrices()) == "4")
        #expect(try input(PriceTables.litellm()) == "1")
    }

    @Test("with its history the table's own days replace the book's")
    func history() throws {
        var work = work(try PriceTables.genaiPrices())
        work.takesHistory = true
        let model = try #require(work.run().models.first { $0.name == "gpt-5.6-sol" })
        #expect(model.periods.map(\.from.day.text) == ["2020-01-01", "2026-08-21", "2026-11-01"])
        #expect(model.outputTokensMax == 128_000)
    }

    @Test("models that a table does not list leave the book only when that is asked for")
    func prunes() throws {
        var work = work(try PriceTables.genaiPrices())
        work.prunes = true
        let result = work.run()
        #expect(result.removed.map(\.name) == ["gemini-1"])
        // Of a provider that the table does not have at all, nothing is known.
        #expect(result.models.contains { $0.name == "claude-opus-4-6" })
    }

    @Test("of two tables only what both say alike is taken; the rest is listed")
    func twoTables() throws {
        let result = work(try PriceTables.genaiPrices(), try PriceTables.litellm()).run()
        let disputes = result.disagreements.map {
            "\($0.model) \($0.entry.text): \($0.first.perMillionText), \($0.second.perMillionText)"
        }
        #expect(
            disputes == ["openai o4-mini flex cacheRead: 0.138, 0.1375", "openai gpt-4o input: 2.5, 2.6"])
        // A base price in dispute: the model is not taken at all.
        #expect(!result.models.contains { $0.name == "gpt-4o" })
        let mini = try #require(result.models.first { $0.name == "o4-mini" }?.period(at: day))
        // Flex is in dispute in one price: nothing of it is taken. Priority is not.
        #expect(mini.adjustments[.flex] == nil)
        #expect(
            try mini.rate(of: .output, inputTokens: 1, modifiers: [.priority])
                == Rate(dollarsPerMillion: "8"))
        #expect(result.unconfirmed.contains("openai gpt-4o cacheRead: only in genai-prices"))
        #expect(result.models.contains { $0.name == "gemini-2.5-flash" })
    }

    @Test("a factor stays a factor where the table says the same as rates")
    func sameFactor() throws {
        let result = work(try PriceTables.litellm()).run()
        let opus = try #require(result.models.first { $0.name == "claude-opus-4-6" })
        #expect(opus.periods.count == 1)
        #expect(
            opus.periods.first?.adjustments
                == book.model("claude-opus-4-6", provider: "anthropic")?.periods.first?.adjustments)
        #expect(!result.changed.contains { $0.model.name == "claude-opus-4-6" })
    }

    @Test("the built-in book, written and read again, is the same book")
    func written() throws {
        let embedded = try PriceBookFile.embedded()
        let bytes = PriceBookText.bytes(
            models: embedded.models, unpricedReserve: embedded.unpricedReserve, compute: embedded.compute)
        let again = try PriceBookFile.parse(bytes, file: "again")
        #expect(again.models.count == embedded.models.count)
        for (old, new) in zip(embedded.models, again.models) {
            #expect(old.name == new.name && old.aliases == new.aliases && old.origin == new.origin)
            #expect(old.periods.map(\.adjustments) == new.periods.map(\.adjustments), "\(old.name)")
            for (left, right) in zip(old.periods, new.periods) {
                #expect(left.from == right.from && left.base == right.base && left.tiers == right.tiers)
            }
        }
        #expect(again.hash == embedded.hash, "the built-in book is as it would be written")
    }
}
