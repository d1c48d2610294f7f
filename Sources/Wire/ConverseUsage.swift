import JSON
import LedgerCore

/// Usage as Bedrock's Converse gives it: the words of AWS, the sums of Anthropic.
///
/// Input excludes cache reads and writes. Whether the total includes them is not told: either is right.
struct ConverseUsage {
    private(set) var count = WireCount()
    private(set) var isPresent = false
    /// Whether input and output were told.
    private(set) var told = UsageStatement()
    private var total: Int64?
    private var input: Int64?
    private var output: Int64?
    private var cacheRead: Int64?
    private var cacheWrite: Int64?
    private var cacheWrite1h: Int64?

    /// Takes one `usage`.
    mutating func merge(_ usage: JSONValue) {
        guard usage.kind == .object else { return }
        isPresent = true
        count.update(&total, usage["totalTokens"])
        count.update(&input, usage["inputTokens"])
        count.update(&output, usage["outputTokens"])
        count.update(&cacheRead, usage["cacheReadInputTokens"])
        count.update(&cacheWrite, usage["cacheWriteInputTokens"])
        let hour = usage["cacheDetails"]?.array.first { $0["ttl"]?.isString("1h") ?? false }
        count.update(&cacheWrite1h, hour?["inputTokens"])
        told.hasInput = input != nil
        told.hasOutput = output != nil
        let read = count.sum(input ?? 0, cacheRead ?? 0, cacheWrite ?? cacheWrite1h ?? 0)
        told.note(input: read, output: output ?? 0, &count)
    }

    /// Returns the buckets, and the total where it is that of all of them.
    mutating func result() -> (usage: Usage, total: Int64?) {
        var usage = Usage()
        usage.input = input ?? 0
        usage.cacheRead = cacheRead ?? 0
        usage.cacheWrite1h = cacheWrite1h ?? 0
        usage.cacheWrite5m = count.rest(of: cacheWrite ?? usage.cacheWrite1h, without: usage.cacheWrite1h)
        usage.output = output ?? 0
        guard let total else { return (usage, nil) }
        let uncached = count.sum(usage.input, usage.output)
        let whole = count.sum(uncached, usage.cacheRead, usage.cacheWrite5m, usage.cacheWrite1h)
        count.expect(total == uncached || total == whole)
        return (usage, total == uncached && total != whole ? nil : total)
    }
}
