package import JSON
package import LedgerCore

/// Usage as the Messages API gives it, gathered over the events of an answer.
///
/// Every figure is cumulative, and an event that omits one says nothing about it: set if present, never add.
/// Input excludes cache reads and writes. Where `iterations` are given they are what is billed, as the
/// figures beside them leave out compaction.
package struct AnthropicUsage {
    /// What cannot be true of the counts.
    package private(set) var count = WireCount()
    /// Whether any usage was seen.
    package private(set) var isPresent = false
    private(set) var webFetches: Int64 = 0
    private(set) var serviceTier: String?
    private(set) var speed: String?
    private(set) var inferenceGeo: String?
    private var total = AnthropicCounts()
    private var iterations: [(model: String?, counts: AnthropicCounts)] = []

    /// Creates a usage of which nothing is known.
    package init() {}

    /// Takes the `usage` of one event.
    package mutating func merge(_ usage: JSONValue) {
        guard usage.kind == .object else { return }
        isPresent = true
        let outputBefore = total.output ?? 0
        total.merge(usage, &count)
        count.expect((total.output ?? 0) >= outputBefore)
        webFetches = count.read(usage["server_tool_use"]?["web_fetch_requests"]) ?? webFetches
        serviceTier = usage["service_tier"]?.string ?? serviceTier
        speed = usage["speed"]?.string ?? speed
        inferenceGeo = usage["inference_geo"]?.string ?? inferenceGeo
        guard let list = usage["iterations"], list.kind == .array else { return }
        iterations = list.array.map { iteration in
            var counts = AnthropicCounts()
            counts.merge(iteration, &count)
            return (iteration["model"]?.string, counts)
        }
    }

    /// Returns the buckets, and the parts when the answer has iterations.
    package mutating func result() -> (usage: Usage, parts: [ModelUsage]) {
        let top = total.buckets(&count)
        guard !iterations.isEmpty else { return (top, []) }
        var parts: [ModelUsage] = []
        var sum = Usage()
        for (model, counts) in iterations {
            let usage = counts.buckets(&count)
            parts.append(ModelUsage(model: model, usage: usage))
            sum = count.sum(sum, usage)
        }
        var missing = Usage()
        if sum.inputTokens < top.inputTokens || sum.outputTokens < top.outputTokens {
            // The iterations are not the whole: what only the total has is billed too, to the message's
            // model.
            count.expect(false)
            for bucket in UsageBucket.allCases { missing[bucket] = max(top[bucket] - sum[bucket], 0) }
        } else {
            missing.webSearches = max(top.webSearches - sum.webSearches, 0)
        }
        missing.reasoning = max(top.reasoning - sum.reasoning, 0)
        guard missing != Usage() else { return (sum, parts) }
        parts.append(ModelUsage(model: nil, usage: missing))
        return (count.sum(sum, missing), parts)
    }

    /// Takes Bedrock's `amazon-bedrock-invocationMetrics`, which say again what the events before them said.
    mutating func merge(metrics: JSONValue) {
        guard metrics.kind == .object else { return }
        isPresent = true
        total.fill(fromMetrics: metrics, &count)
    }
}

/// The counts of one usage object, each absent until it is given.
private struct AnthropicCounts {
    var output: Int64?
    private var input: Int64?
    private var cacheRead: Int64?
    private var cacheWrite: Int64?
    private var cacheWrite5m: Int64?
    private var cacheWrite1h: Int64?
    private var thinking: Int64?
    private var webSearches: Int64?

    mutating func merge(_ usage: JSONValue, _ count: inout WireCount) {
        count.update(&input, usage["input_tokens"])
        count.update(&output, usage["output_tokens"])
        count.update(&cacheRead, usage["cache_read_input_tokens"])
        count.update(&cacheWrite, usage["cache_creation_input_tokens"])
        count.update(&cacheWrite5m, usage["cache_creation"]?["ephemeral_5m_input_tokens"])
        count.update(&cacheWrite1h, usage["cache_creation"]?["ephemeral_1h_input_tokens"])
        count.update(&thinking, usage["output_tokens_details"]?["thinking_tokens"])
        count.update(&webSearches, usage["server_tool_use"]?["web_search_requests"])
    }

    /// Takes what no `usage` has told.
    mutating func fill(fromMetrics metrics: JSONValue, _ count: inout WireCount) {
        if input == nil { count.update(&input, metrics["inputTokenCount"]) }
        if cacheRead == nil { count.update(&cacheRead, metrics["cacheReadInputTokenCount"]) }
        if cacheWrite == nil { count.update(&cacheWrite, metrics["cacheWriteInputTokenCount"]) }
        let stated = count.read(metrics["outputTokenCount"])
        output = stated.map { max($0, output ?? 0) } ?? output
    }

    func buckets(_ count: inout WireCount) -> Usage {
        var usage = Usage()
        usage.input = input ?? 0
        usage.cacheRead = cacheRead ?? 0
        let split = count.sum(cacheWrite5m ?? 0, cacheWrite1h ?? 0)
        // What the split does not explain was written for five minutes.
        let remainder = count.rest(of: cacheWrite ?? split, without: split)
        usage.cacheWrite5m = count.sum(cacheWrite5m ?? 0, remainder)
        usage.cacheWrite1h = cacheWrite1h ?? 0
        usage.output = output ?? 0
        usage.reasoning = thinking ?? 0
        usage.webSearches = webSearches ?? 0
        return usage
    }
}
