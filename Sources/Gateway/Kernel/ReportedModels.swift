import JSON
import LedgerCore
import Wire

/// The `modelUsage` of result records: running totals of one process, by model.
///
/// What counts is the difference to the record before; a figure that fell shows that the agent began anew.
struct ReportedModels {
    private static let modelsMax = 64

    /// What has been used, in the order in which models were first named.
    private(set) var used: [KernelUsage] = []
    /// Whether a figure could not be true; then nothing here is to be believed.
    private(set) var isImplausible = false
    private var totals: [String: Usage] = [:]
    private var count = WireCount()

    /// Takes one record's totals.
    mutating func take(_ models: JSONValue) {
        for (key, value) in models.object {
            let canonical = value["canonicalModel"]?.string ?? ""
            let model = canonical.isEmpty ? key : canonical
            guard value.kind == .object, (1...256).contains(model.utf8.count),
                totals[key] != nil || totals.count < Self.modelsMax
            else {
                isImplausible = true
                return
            }
            var usage = Usage()
            usage.input = count.read(value["inputTokens"]) ?? 0
            usage.output = count.read(value["outputTokens"]) ?? 0
            usage.cacheRead = count.read(value["cacheReadInputTokens"]) ?? 0
            usage.cacheWrite5m = count.read(value["cacheCreationInputTokens"]) ?? 0
            usage.webSearches = count.read(value["webSearchRequests"]) ?? 0
            add(usage.since(totals[key] ?? Usage()), of: Self.provider(value["provider"]?.string), model)
            totals[key] = usage
        }
        if count.isInconsistent { isImplausible = true }
    }

    /// Takes the next record's totals for the whole of what it tells.
    mutating func beginAnew() { totals = [:] }

    /// Adds what one model used.
    mutating func add(_ usage: Usage, of provider: String, _ model: String) {
        guard usage != Usage() else { return }
        let index = used.firstIndex { $0.model == model && $0.provider == provider }
        var sum = index.map { used[$0].usage } ?? Usage()
        for bucket in UsageBucket.allCases { sum[bucket] = count.sum(sum[bucket], usage[bucket]) }
        sum.reasoning = count.sum(sum.reasoning, usage.reasoning)
        if count.isInconsistent || !sum.isPlausible { isImplausible = true }
        let entry = KernelUsage(provider: provider, model: model, usage: sum)
        if let index { used[index] = entry } else { used.append(entry) }
    }

    /// The price book's word for Claude Code's; other words are taken as they are.
    private static func provider(_ word: String?) -> String {
        guard let word, !word.isEmpty, word != "firstParty", word != "gateway", word.utf8.count <= 64 else {
            return "anthropic"
        }
        let isWord = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        return isWord ? word : "anthropic"
    }
}

extension Usage {
    /// What came on top of `earlier`; all of this one when a figure fell.
    fileprivate func since(_ earlier: Usage) -> Usage {
        guard UsageBucket.allCases.allSatisfy({ self[$0] >= earlier[$0] }) else { return self }
        var rest = Usage()
        for bucket in UsageBucket.allCases { rest[bucket] = self[bucket] - earlier[bucket] }
        return rest
    }
}
