import JSON
import LedgerCore
import Testing

@testable import Wire

/// Generated usages: whatever a provider says, the buckets are its total, or the reading says that they are
/// not.
@Suite("Usage, generated")
struct UsagePropertyTests {
    static let seeds = Array(0..<400 as Range<UInt64>)

    @Test("OpenAI: the buckets are the total when the parts fit into their wholes", arguments: seeds)
    func openAI(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let (prompt, completion) = (random.count(), random.count())
        let parts = (0..<4).map { _ in random.bool() ? random.count() / 3 : 0 }
        let outputAudio = random.bool() ? random.count() / 2 : 0
        let total = prompt + completion + (random.chance(in: 8) ? 1 : 0)
        let reading = read(
            .chatCompletions,
            """
            {"model":"m","choices":[{"index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":\(prompt),
            "completion_tokens":\(completion),"total_tokens":\(total),
            "prompt_tokens_details":{"cached_tokens":\(parts[0]),"cache_write_tokens":\(parts[1]),
            "audio_tokens":\(parts[2]),"image_tokens":\(parts[3])},
            "completion_tokens_details":{"audio_tokens":\(outputAudio)}}}
            """)
        let fits = parts.reduce(0, +) <= prompt && outputAudio <= completion
        #expect(reading.isInconsistent == !(fits && total == prompt + completion))
        try balances(reading, total)
    }

    @Test("Responses: the buckets are the total", arguments: seeds)
    func responses(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let (input, output) = (random.count(), random.count())
        let cached = random.bool() ? random.count() : 0
        let total = input + output
        let reading = read(
            .responses,
            """
            {"object":"response","status":"completed","model":"m","usage":{"input_tokens":\(input),
            "input_tokens_details":{"cached_tokens":\(cached)},"output_tokens":\(output),
            "total_tokens":\(total)}}
            """)
        #expect(reading.isInconsistent == (cached > input))
        try balances(reading, total)
    }

    @Test("Gemini: the buckets are the total, thoughts and tools included", arguments: seeds)
    func gemini(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let counts = (0..<4).map { _ in random.bool() ? random.count() : 0 }
        let cached = random.bool() ? random.count() : 0
        let total = counts.reduce(0, +) + (random.chance(in: 8) ? 1 : 0)
        let reading = read(
            .geminiGenerate,
            """
            {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":\(counts[0]),
            "candidatesTokenCount":\(counts[1]),"toolUsePromptTokenCount":\(counts[2]),
            "thoughtsTokenCount":\(counts[3]),"cachedContentTokenCount":\(cached),
            "totalTokenCount":\(total)}}
            """)
        #expect(reading.isInconsistent == (cached > counts[0] || total != counts.reduce(0, +)))
        try balances(reading, total)
    }

    @Test(
        "Anthropic: every token of every kind is in one bucket, over any number of events", arguments: seeds)
    func anthropic(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let (input, cacheRead, output) = (random.count(), random.count(), random.count())
        let (written5m, written1h) = (random.count(), random.count())
        let unsplit = random.bool() ? random.count() : 0
        let figures = [
            "\"input_tokens\":\(input)", "\"cache_read_input_tokens\":\(cacheRead)",
            "\"cache_creation_input_tokens\":\(written5m + written1h + unsplit)",
            "\"cache_creation\":{\"ephemeral_5m_input_tokens\":\(written5m),"
                + "\"ephemeral_1h_input_tokens\":\(written1h)}",
        ]
        // Each figure is in some event, at least; an event that omits one does not clear it.
        var stream = "event: message_start\ndata: {\"message\":{\"type\":\"message\",\"model\":\"m\"}}\n\n"
        for figure in figures {
            let others = figures.filter { random.bool() && $0 != figure }
            let usage = ([figure] + others).joined(separator: ",")
            stream += "event: message_delta\ndata: {\"delta\":{},\"usage\":{\(usage)}}\n\n"
        }
        stream += "event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"},"
        stream += "\"usage\":{\"output_tokens\":\(output)}}\n\nevent: message_stop\ndata: {}\n\n"
        let reading = read(.messages, stream, streamed: true)
        let usage = try #require(reading.usage)
        #expect(usage.inputTokens == input + cacheRead + written5m + written1h + unsplit)
        #expect(usage.cacheWrite5m == written5m + unsplit)
        #expect(usage.output == output)
        #expect(!reading.isInconsistent)
    }

    @Test("Anthropic: the parts are the usage, whether or not the iterations are the whole", arguments: seeds)
    func iterations(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let each = (0...Int(random.below(3))).map { _ in (random.count(), random.count()) }
        let (input, output) = (random.count(), random.count())
        let texts = each.map { "{\"type\":\"message\",\"input_tokens\":\($0.0),\"output_tokens\":\($0.1)}" }
        let reading = read(
            .messages,
            """
            {"type":"message","model":"m","usage":{"input_tokens":\(input),"output_tokens":\(output),
            "iterations":[\(texts.joined(separator: ","))]}}
            """)
        let usage = try #require(reading.usage)
        let sums = each.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        #expect(usage.input == max(input, sums.0))
        #expect(usage.output == max(output, sums.1))
        #expect(reading.isInconsistent == (input > sums.0 || output > sums.1))
        for bucket in UsageBucket.allCases {
            #expect(reading.parts.reduce(0) { $0 + $1.usage[bucket] } == usage[bucket])
        }
    }

    private func balances(_ reading: UsageReading, _ total: Int64) throws {
        guard !reading.isInconsistent else { return }
        let usage = try #require(reading.usage)
        #expect(usage.inputTokens + usage.outputTokens == total)
        #expect(UsageBucket.allCases.allSatisfy { usage[$0] >= 0 })
    }

    private func read(_ api: APIKind, _ text: String, streamed: Bool = false) -> UsageReading {
        var reader = UsageReader(api: api, streamed: streamed)
        reader.feed(Array(text.utf8))
        return reader.finish()
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
private struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
    mutating func bool() -> Bool { next() & 1 == 0 }
    mutating func chance(in count: UInt64) -> Bool { below(count) == 0 }
    /// A count of any size up to a million, small ones often.
    mutating func count() -> Int64 { 1 + Int64(below(10 << (below(17)))) }
}
