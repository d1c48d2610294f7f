import JSON
import LedgerCore
import Testing

@testable import Wire

@Suite("UsageReader")
struct UsageReaderTests {
    /// One exchange and what is to be read from it, in the words of `words(_:)`.
    struct Exchange: Sendable, CustomTestStringConvertible {
        let file: String
        let api: APIKind
        let expected: String
        var testDescription: String { "\(file) as \(api)" }

        init(_ file: String, _ api: APIKind, _ expected: String) {
            self.file = file
            self.api = api
            self.expected = expected
        }
    }

    @Test("reads the usage as billed", arguments: UsageReaderTable.all)
    func reads(_ exchange: Exchange) throws {
        let reading = read([try WireGolden.bytes(exchange.file)[...]], exchange)
        #expect(words(reading) == exchange.expected)
    }

    @Test("reads the same wherever the bytes are split", arguments: UsageReaderTable.all)
    func splits(_ exchange: Exchange) throws {
        let bytes = try WireGolden.bytes(exchange.file)
        let whole = read([bytes[...]], exchange)
        let wrong = WireGolden.splits(of: bytes).filter { read($0, exchange) != whole }
        #expect(
            wrong.isEmpty,
            "\(wrong.count) splits read otherwise, first after \(wrong.first?.first?.count ?? 0)")
    }

    @Test("reads the same with CRLF and CR for LF", arguments: UsageReaderTable.all, ["\r\n", "\r"])
    func lineEnds(_ exchange: Exchange, _ end: String) throws {
        let bytes = try WireGolden.bytes(exchange.file)
        guard exchange.file.hasSuffix(".sse"), !bytes.contains(UInt8(ascii: "\r")) else { return }
        let other = bytes.flatMap { $0 == UInt8(ascii: "\n") ? Array(end.utf8) : [$0] }
        var reading = read([other[...]], exchange)
        reading.answerBytes = Int64(bytes.count)
        #expect(reading == read([bytes[...]], exchange))
    }

    @Test("balances with the provider's total or says that it does not", arguments: UsageReaderTable.all)
    func balance(_ exchange: Exchange) throws {
        let reading = read([try WireGolden.bytes(exchange.file)[...]], exchange)
        guard let usage = reading.usage else {
            #expect(reading.source == .none)
            return
        }
        if let total = reading.providerTotal, !reading.isInconsistent {
            #expect(usage.inputTokens + usage.outputTokens == total)
        }
        if !reading.parts.isEmpty {
            for bucket in UsageBucket.allCases {
                #expect(reading.parts.reduce(0) { $0 + $1.usage[bucket] } == usage[bucket])
            }
        }
    }

    @Test("finds the usage at the end of a body above the cap")
    func cap() throws {
        let filler = String(repeating: #"{"object":"embedding","embedding":[0.1]},"#, count: 5000)
        let text = #"{"data":[\#(filler)1],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}"#
        var reader = UsageReader(api: .embeddings, streamed: false, bodyBytesMax: 100_000)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 999) {
            reader.feed(Array(bytes[start..<min(start + 999, bytes.count)]))
        }
        let reading = reader.finish()
        #expect(reading.usage?.input == 8)
        #expect(reading.source == .providerFinal)
        #expect(reading.answerBytes == Int64(bytes.count))
    }

    @Test("reads nothing from a cut or empty body", arguments: ["", "{", #"{"usage":{"prompt_tokens":8"#])
    func cutBody(_ text: String) {
        var reader = UsageReader(api: .chatCompletions, streamed: false)
        reader.feed(Array(text.utf8))
        let reading = reader.finish()
        #expect(reading.usage == nil)
        #expect(reading.source == .none)
    }

    private func read(_ pieces: [ArraySlice<UInt8>], _ exchange: Exchange) -> UsageReading {
        var reader = UsageReader(
            api: exchange.api, streamed: exchange.file.hasSuffix(".sse"), parser: JSONParser())
        for piece in pieces { piece.withUnsafeBytes { reader.feed($0) } }
        return reader.finish()
    }

    /// Says a reading in one line: buckets that are not 0, source, model, and what is unusual.
    private func words(_ reading: UsageReading) -> String {
        var words: [String] = []
        if let usage = reading.usage { words.append(buckets(usage)) }
        words.append(reading.source.rawValue)
        if let model = reading.responseModel { words.append(model) }
        if let tier = reading.serviceTier { words.append("tier=\(tier)") }
        if let geo = reading.inferenceGeo { words.append("geo=\(geo)") }
        if let speed = reading.speed { words.append("speed=\(speed)") }
        if reading.webFetches > 0 { words.append("fetches=\(reading.webFetches)") }
        if let status = reading.status { words.append("status=\(status)") }
        if let total = reading.providerTotal { words.append("total=\(total)") }
        if let error = reading.errorType { words.append("error=\(error)") }
        if reading.isErrorMidStream { words.append("midstream") }
        if reading.isInconsistent { words.append("inconsistent") }
        for part in reading.parts { words.append("[\(part.model ?? "-") \(buckets(part.usage))]") }
        return words.joined(separator: " ")
    }

    private func buckets(_ usage: Usage) -> String {
        var words = UsageBucket.allCases.filter { usage[$0] != 0 }.map { "\($0.rawValue)=\(usage[$0])" }
        if usage.reasoning != 0 { words.append("(reasoning=\(usage.reasoning))") }
        return words.isEmpty ? "zero" : words.joined(separator: " ")
    }
}
