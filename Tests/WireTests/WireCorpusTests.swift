import JSON
import LedgerCore
import TestSupport
import Testing

@testable import Wire

@Suite("Wire corpus")
struct WireCorpusTests {
    /// Every exchange of a call; the runs of agents are read elsewhere.
    static let calls = (try? WireCorpus.exchanges().filter { $0.expected.reading != nil }) ?? []
    static let onUnknownPaths = calls.filter { $0.expected.readsOnUnknownPath ?? false }

    @Test("Every file but these belongs to an exchange, and each exchange shows a rule of its own")
    func whole() throws {
        let exchanges = try WireCorpus.exchanges()
        let known = Set(
            exchanges.flatMap { exchange in
                let name = exchange.file.prefix { $0 != "." }
                return [exchange.file, "\(name).expect.json", "\(name).client.sse"]
            })
        #expect(try WireCorpus.names().filter { !known.contains($0) } == ["README.md", "prices.json"])
        let rules = Dictionary(grouping: exchanges) { $0.expected.section + ": " + $0.expected.shows }
        #expect(rules.filter { $0.value.count > 1 }.keys.sorted() == [])
        #expect(
            Set(exchanges.map(\.expected.section)) == [
                "Anthropic Messages", "OpenAI Chat Completions", "OpenAI Responses", "OpenAI Embeddings",
                "Gemini generateContent", "Bedrock", "Claude Code stream-json",
            ])
        for exchange in exchanges {
            #expect(exchange.expected.shows.hasSuffix("."), "\(exchange)")
            #expect((exchange.expected.reading == nil) != (exchange.expected.run == nil), "\(exchange)")
        }
    }

    @Test("An answer is read as its file says", arguments: calls)
    func reads(_ exchange: WireExchange) throws {
        let expected = try #require(exchange.expected.reading)
        let route = try route(exchange)
        var reading = read([exchange.response[...]], exchange, as: route.kind)
        reading.responseID = reading.responseID ?? route.answerID
        #expect(WireExchange.Reading(reading, like: expected) == expected)
        #expect(reading.answerBytes == Int64(exchange.response.count))
    }

    @Test("A path that is not known reads the same", arguments: onUnknownPaths)
    func readsOnUnknownPath(_ exchange: WireExchange) throws {
        let expected = try #require(exchange.expected.reading)
        let reading = read([exchange.response[...]], exchange, as: .other)
        #expect(WireExchange.Reading(reading, like: expected) == expected)
    }

    @Test("Cut at any byte, or into single bytes, an answer is read and given on the same", arguments: calls)
    func splits(_ exchange: WireExchange) throws {
        let kind = try route(exchange).kind
        let bytes = exchange.response
        let whole = read([bytes[...]], exchange, as: kind)
        let isFiltered = try isFiltered(exchange)
        let client = isFiltered ? exchange.clientBytes ?? bytes : bytes
        #expect(!isFiltered || given([bytes[...]]) == client)
        var wrong: [Int] = []
        for pieces in WireGolden.splits(of: bytes) {
            let isSame = read(pieces, exchange, as: kind) == whole && (!isFiltered || given(pieces) == client)
            if !isSame { wrong.append(pieces.first?.count ?? 0) }
        }
        #expect(wrong.isEmpty, "\(wrong.count) splits differ, first after \(wrong.first ?? 0)")
    }

    @Test("A stream is read the same with CRLF and CR for LF", arguments: calls, ["\r\n", "\r"])
    func lineEnds(_ exchange: WireExchange, _ end: String) throws {
        let bytes = exchange.response
        guard exchange.isStream, !bytes.contains(UInt8(ascii: "\r")) else { return }
        let kind = try route(exchange).kind
        let other = bytes.flatMap { $0 == UInt8(ascii: "\n") ? Array(end.utf8) : [$0] }
        var reading = read([other[...]], exchange, as: kind)
        reading.answerBytes = Int64(bytes.count)
        #expect(reading == read([bytes[...]], exchange, as: kind))
    }

    @Test(
        "The buckets balance with the provider's total, or the reading says that they do not",
        arguments: calls)
    func balance(_ exchange: WireExchange) throws {
        let reading = read([exchange.response[...]], exchange, as: try route(exchange).kind)
        guard let usage = reading.usage else {
            #expect(reading.source == .none)
            return
        }
        if let total = reading.providerTotal, !reading.isInconsistent {
            #expect(usage.inputTokens + usage.outputTokens == total)
        }
        guard !reading.parts.isEmpty else { return }
        for bucket in UsageBucket.allCases {
            #expect(reading.parts.reduce(0) { $0 + $1.usage[bucket] } == usage[bucket])
        }
    }

    private func route(_ exchange: WireExchange) throws -> APIRoute {
        let request = try #require(exchange.expected.request)
        return APIRoute(method: request.method, path: request.path)
    }

    /// Whether the usage chunk is asked for in the client's place.
    private func isFiltered(_ exchange: WireExchange) throws -> Bool {
        let route = try route(exchange)
        let request = try CallRequest(exchange.requestBody, route: route)
        return route.kind == .chatCompletions && request.isStreamed && !request.isUsageAsked
    }

    private func read(
        _ pieces: [ArraySlice<UInt8>], _ exchange: WireExchange, as kind: APIKind
    ) -> UsageReading {
        var reader = UsageReader(api: kind, streamed: exchange.isStream, parser: JSONParser())
        for piece in pieces { piece.withUnsafeBytes { reader.feed($0) } }
        return reader.finish()
    }

    private func given(_ pieces: [ArraySlice<UInt8>]) -> [UInt8] {
        var filter = IncludeUsageFilter()
        var output: [UInt8] = []
        for piece in pieces { piece.withUnsafeBytes { filter.feed($0) { output.append(contentsOf: $0) } } }
        filter.finish { output.append(contentsOf: $0) }
        return output
    }
}

extension WireExchange.Reading {
    /// Says a reading in the corpus's words; the answer's id only where `expected` has one.
    init(_ reading: UsageReading, like expected: WireExchange.Reading) {
        self.init(source: reading.source.rawValue)
        usage = reading.usage?.words
        if !reading.parts.isEmpty {
            parts = reading.parts.map { WireExchange.Part(model: $0.model, usage: $0.usage.words) }
        }
        model = reading.responseModel
        responseId = expected.responseId == nil ? nil : reading.responseID
        serviceTier = reading.serviceTier
        speed = reading.speed
        inferenceGeo = reading.inferenceGeo
        status = reading.status
        webFetches = reading.webFetches == 0 ? nil : reading.webFetches
        providerTotal = reading.providerTotal
        error = reading.errorType
        errorMidStream = reading.isErrorMidStream ? true : nil
        inconsistent = reading.isInconsistent ? true : nil
        incomplete = reading.isIncomplete ? true : nil
        unpricedTools = reading.hasUnpricedTools ? true : nil
        toolsUsed = reading.toolsUsed.isEmpty ? nil : reading.toolsUsed
    }
}

extension Usage {
    /// The buckets that are not 0, by name.
    fileprivate var words: [String: Int64] {
        var words: [String: Int64] = [:]
        for bucket in UsageBucket.allCases where self[bucket] != 0 { words[bucket.rawValue] = self[bucket] }
        if reasoning != 0 { words["reasoning"] = reasoning }
        return words
    }
}
