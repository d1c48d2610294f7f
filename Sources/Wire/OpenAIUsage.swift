import JSON
import LedgerCore

/// Usage as Chat Completions, Responses and Embeddings give it, gathered over the events of an answer.
///
/// Prompt and completion are wholes: cached, written, audio and image tokens are parts of them and are taken
/// out. Of several usages the last one counts, field by field: all are cumulative.
struct OpenAIUsage {
    private(set) var count = WireCount()
    private(set) var isPresent = false
    /// Whether input and output were told.
    private(set) var told = UsageStatement()
    private(set) var total: Int64?
    private var webSearches: Int64 = 0
    private var webSearchesTold: Int64?
    private var prompt: Int64?
    private var completion: Int64?
    private var cached: Int64?
    private var cacheWrite: Int64?
    private var inputAudio: Int64?
    private var inputImage: Int64?
    private var reasoning: Int64?
    private var outputAudio: Int64?
    private var outputImage: Int64?

    /// Whether the total says that there is input alone, and nothing else does, as of embeddings.
    var isInputByTotal: Bool { completion == nil && total != nil && total == prompt }

    /// Takes one `usage`; `isLast`: it is from the answer's end.
    mutating func merge(_ usage: JSONValue, isLast: Bool = true) {
        guard usage.kind == .object else { return }
        isPresent = true
        count.update(&prompt, usage["prompt_tokens"] ?? usage["input_tokens"])
        let hasOutput = count.update(&completion, usage["completion_tokens"] ?? usage["output_tokens"])
        if hasOutput, isLast { told.hasOutput = true }
        told.hasInput = prompt != nil
        told.note(input: prompt ?? 0, output: completion ?? 0, &count)
        count.update(&total, usage["total_tokens"])
        if let details = usage["prompt_tokens_details"] ?? usage["input_tokens_details"] {
            count.update(&cached, details["cached_tokens"])
            count.update(&cacheWrite, details["cache_write_tokens"])
            count.update(&inputAudio, details["audio_tokens"])
            count.update(&inputImage, details["image_tokens"])
        }
        if let details = usage["completion_tokens_details"] ?? usage["output_tokens_details"] {
            count.update(&reasoning, details["reasoning_tokens"])
            count.update(&outputAudio, details["audio_tokens"])
            count.update(&outputImage, details["image_tokens"])
        }
    }

    /// Counts a response's searches: as many as it says, else those of its items that do not open a page.
    mutating func countSearches(of response: JSONValue) {
        let told = response["tool_usage"]?["web_search"]?["num_requests"]?.int64
        if let told, told >= 0 { webSearchesTold = told }
        guard let output = response["output"] else { return }
        var searches: Int64 = 0
        for item in output.array where item["type"]?.isString("web_search_call") ?? false {
            if item["action"]?["type"]?.isString("search") ?? true { searches += 1 }
        }
        webSearches = max(searches, webSearches)
    }

    /// Notes whether a choice of a chat cites pages: models that search do so once for an answer.
    mutating func noteCitations(of choice: JSONValue) {
        guard let notes = (choice["message"] ?? choice["delta"])?["annotations"] else { return }
        for note in notes.array where note["type"]?.isString("url_citation") ?? false { webSearches = 1 }
    }

    /// Returns the buckets.
    mutating func result() -> Usage {
        var usage = Usage()
        usage.cacheRead = cached ?? 0
        usage.cacheWrite5m = cacheWrite ?? 0
        usage.inputAudio = inputAudio ?? 0
        usage.inputImage = inputImage ?? 0
        usage.input = count.rest(
            of: prompt ?? 0, without: usage.cacheRead, usage.cacheWrite5m, usage.inputAudio, usage.inputImage)
        usage.reasoning = reasoning ?? 0
        usage.outputAudio = outputAudio ?? 0
        usage.outputImage = outputImage ?? 0
        usage.output = count.rest(of: wholeOutput(), without: usage.outputAudio, usage.outputImage)
        usage.webSearches = webSearchesTold ?? webSearches
        return usage
    }

    /// Some compatible servers leave reasoning out of the completion; their total shows it.
    private mutating func wholeOutput() -> Int64 {
        let completion = completion ?? 0
        let sum = count.sum(prompt ?? 0, completion)
        guard let total, total != sum else { return completion }
        let withReasoning = count.sum(sum, reasoning ?? 0)
        guard total == withReasoning else {
            count.expect(false)
            return completion
        }
        return count.sum(completion, reasoning ?? 0)
    }
}
