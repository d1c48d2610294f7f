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
    private var totalTold = UsageStatement()
    private var iterations: [(model: String?, counts: AnthropicCounts)] = []
    private var areIterationsLast = false

    /// Creates a usage of which nothing is known.
    package init() {}

    /// Whether input and output were told, by each iteration where there are any.
    var told: UsageStatement {
        guard !iterations.isEmpty else { return totalTold }
        var told = totalTold
        told.hasInput = iterations.allSatisfy(\.counts.hasInput)
        told.hasOutput = areIterationsLast && iterations.allSatisfy(\.counts.hasOutput)
        return told
    }

    /// Takes the `usage` of one event; `isLast`: it is from the answer's end.
    ///
    /// The first event of a stream counts output that is none yet.
    package mutating func merge(_ usage: JSONValue, isLast: Bool = true) {
        guard usage.kind == .object else { return }
        isPresent = true
        let hasOutput = total.merge(usage, &count)
        note(hasOutput: hasOutput && isLast)
        webFetches = count.read(usage["server_tool_use"]?["web_fetch_requests"]) ?? webFetches
        serviceTier = usage["service_tier"]?.string ?? serviceTier
        speed = usage["speed"]?.string ?? speed
        inferenceGeo = usage["inference_geo"]?.string ?? inferenceGeo
        guard let list = usage["iterations"], list.kind == .array else { return }
        areIterationsLast = isLast
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

    /// Notes that the answer ends with this event: output told before it is not all.
    mutating func expectOutput() {
        totalTold.hasOutput = false
        areIterationsLast = false
    }

    /// Takes Bedrock's `amazon-bedrock-invocationMetrics`, which say again what the events before them said.
    mutating func merge(metrics: JSONValue) {
        guard metrics.kind == .object else { return }
        isPresent = true
        let hasOutput = total.fill(fromMetrics: metrics, &count)
        note(hasOutput: hasOutput)
    }

    private mutating func note(hasOutput: Bool) {
        if hasOutput { totalTold.hasOutput = true }
        totalTold.hasInput = total.hasInput
        totalTold.note(input: total.read(&count), output: total.output ?? 0, &count)
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

    var hasInput: Bool { input != nil }
    var hasOutput: Bool { output != nil }

    /// Takes a usage, and returns whether it tells the output.
    @discardableResult
    mutating func merge(_ usage: JSONValue, _ count: inout WireCount) -> Bool {
        count.update(&input, usage["input_tokens"])
        let hasOutput = count.update(&output, usage["output_tokens"])
        count.update(&cacheRead, usage["cache_read_input_tokens"])
        count.update(&cacheWrite, usage["cache_creation_input_tokens"])
        count.update(&cacheWrite5m, usage["cache_creation"]?["ephemeral_5m_input_tokens"])
        count.update(&cacheWrite1h, usage["cache_creation"]?["ephemeral_1h_input_tokens"])
        count.update(&thinking, usage["output_tokens_details"]?["thinking_tokens"])
        count.update(&webSearches, usage["server_tool_use"]?["web_search_requests"])
        return hasOutput
    }

    /// Takes what no `usage` has told, and returns whether it tells the output.
    mutating func fill(fromMetrics metrics: JSONValue, _ count: inout WireCount) -> Bool {
        if input == nil { count.update(&input, metrics["inputTokenCount"]) }
        if cacheRead == nil { count.update(&cacheRead, metrics["cacheReadInputTokenCount"]) }
        if cacheWrite == nil { count.update(&cacheWrite, metrics["cacheWriteInputTokenCount"]) }
        let stated = count.read(metrics["outputTokenCount"])
        output = stated.map { max($0, output ?? 0) } ?? output
        return stated != nil
    }

    /// All that was read, cached or not.
    func read(_ count: inout WireCount) -> Int64 {
        let split = count.sum(cacheWrite5m ?? 0, cacheWrite1h ?? 0)
        return count.sum(input ?? 0, cacheRead ?? 0, max(cacheWrite ?? 0, split))
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
