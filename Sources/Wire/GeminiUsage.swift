import JSON
import LedgerCore

/// Usage as Gemini's `usageMetadata` gives it, gathered over the chunks of an answer.
///
/// The prompt includes what was cached and excludes what tools put in; candidates exclude thoughts. Chunks
/// are cumulative, the last one counts, field by field. Image and video input is priced as text and stays
/// there.
struct GeminiUsage {
    private(set) var count = WireCount()
    private(set) var isPresent = false
    /// Whether input and output were told.
    private(set) var told = UsageStatement()
    private(set) var total: Int64?
    private var prompt: Int64?
    private var cached: Int64?
    private var candidates: Int64?
    private var thoughts: Int64?
    private var toolUse: Int64?
    private var promptAudio: Int64?
    private var cachedAudio: Int64?
    private var outputAudio: Int64?
    private var outputImage: Int64?
    private var queries: Set<String> = []

    private static let queriesMax = 1_000

    /// Takes the `usageMetadata` of one chunk; `isLast`: it is from the answer's end.
    mutating func merge(_ usage: JSONValue, isLast: Bool = true) {
        guard usage.kind == .object else { return }
        isPresent = true
        count.update(&prompt, usage["promptTokenCount"])
        count.update(&cached, usage["cachedContentTokenCount"])
        let hasCandidates = count.update(&candidates, usage["candidatesTokenCount"])
        let hasThoughts = count.update(&thoughts, usage["thoughtsTokenCount"])
        count.update(&toolUse, usage["toolUsePromptTokenCount"])
        let hasTotal = count.update(&total, usage["totalTokenCount"])
        count.update(&promptAudio, Self.tokens(of: "AUDIO", in: usage["promptTokensDetails"]))
        count.update(&cachedAudio, Self.tokens(of: "AUDIO", in: usage["cacheTokensDetails"]))
        count.update(&outputAudio, Self.tokens(of: "AUDIO", in: usage["candidatesTokensDetails"]))
        count.update(&outputImage, Self.tokens(of: "IMAGE", in: usage["candidatesTokensDetails"]))
        let read = count.sum(prompt ?? 0, toolUse ?? 0)
        let written = count.sum(candidates ?? 0, thoughts ?? 0)
        told.hasInput = prompt != nil
        // A figure that is 0 is left out; then the total says that it is.
        let isNoneByTotal = hasTotal && written == 0 && total == read
        if hasCandidates || hasThoughts || isNoneByTotal, isLast { told.hasOutput = true }
        told.note(input: read, output: written, &count)
    }

    /// Notes what a candidate says was searched for; later chunks may say it again.
    mutating func noteSearches(of candidate: JSONValue) {
        guard let list = candidate["groundingMetadata"]?["webSearchQueries"] else { return }
        for query in list.array where queries.count < Self.queriesMax {
            if let text = query.string, !text.isEmpty { queries.insert(text) }
        }
    }

    /// Returns the buckets of an answer of `model`.
    mutating func result(of model: String?) -> Usage {
        var usage = Usage()
        usage.cacheRead = cached ?? 0
        // Audio that was cached is priced as cached.
        usage.inputAudio = count.rest(of: promptAudio ?? 0, without: min(cachedAudio ?? 0, promptAudio ?? 0))
        let uncached = count.rest(of: prompt ?? 0, without: usage.cacheRead, usage.inputAudio)
        usage.input = count.sum(uncached, toolUse ?? 0)
        usage.outputAudio = outputAudio ?? 0
        usage.outputImage = outputImage ?? 0
        let text = count.rest(of: candidates ?? 0, without: usage.outputAudio, usage.outputImage)
        usage.output = count.sum(text, thoughts ?? 0)
        usage.reasoning = thoughts ?? 0
        // Models before the third kind are billed by the prompt that was searched for.
        let isByPrompt = ["gemini-1", "gemini-2"].contains { model?.hasPrefix($0) ?? false }
        usage.webSearches = Int64(isByPrompt ? min(queries.count, 1) : queries.count)
        if let total {
            let sum = count.sum(prompt ?? 0, candidates ?? 0, toolUse ?? 0, thoughts ?? 0)
            count.expect(total == sum)
        }
        return usage
    }

    /// Vertex's word for the traffic, or Gemini's for the tier, as the tier that it is priced by.
    static func tier(_ word: String) -> String {
        switch word {
        case "ON_DEMAND_PRIORITY", "SERVICE_TIER_PRIORITY", "PRIORITY": "priority"
        case "ON_DEMAND_FLEX", "SERVICE_TIER_FLEX", "FLEX": "flex"
        default: word
        }
    }

    private static func tokens(of modality: StaticString, in details: JSONValue?) -> JSONValue? {
        details?.array.first { $0["modality"]?.isString(modality) ?? false }?["tokenCount"]
    }
}
