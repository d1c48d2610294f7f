import JSON
import LedgerCore

/// The results of a batch of messages, one line for each: what all of them used, by model.
///
/// A line is a whole Message or the error in its place. Lines may be many: nothing of them is kept but sums.
struct BatchResults {
    private static let modelsMax = 64

    private(set) var count = WireCount()
    /// How many lines are a message with figures.
    private(set) var messages = 0
    /// What the answers that have figures say of the tier that served them.
    private(set) var serviceTier: String?
    private var sums: [ModelUsage] = []

    /// Whether any line had figures.
    var isPresent: Bool { messages > 0 }

    /// Takes one line; returns whether it is one of a batch's results.
    mutating func take(_ line: JSONValue) -> Bool {
        guard let result = line["result"], line["custom_id"] != nil else { return false }
        guard let message = result["message"], let given = message["usage"], given.kind == .object else {
            return true
        }
        messages += 1
        var read = AnthropicUsage()
        read.merge(given)
        let (usage, parts) = read.result()
        serviceTier = read.serviceTier ?? serviceTier
        let model = message["model"]?.string
        if parts.isEmpty { add(usage, of: model) }
        for part in parts { add(part.usage, of: part.model ?? model) }
        count.expect(!read.count.isInconsistent)
        return true
    }

    /// Returns what all lines used, by model and in all.
    mutating func result() -> (usage: Usage, parts: [ModelUsage]) {
        var all = Usage()
        for sum in sums { all = count.sum(all, sum.usage) }
        return (all, sums)
    }

    private mutating func add(_ usage: Usage, of model: String?) {
        guard let index = sums.firstIndex(where: { $0.model == model }) else {
            count.expect(sums.count < Self.modelsMax)
            if sums.count < Self.modelsMax { sums.append(ModelUsage(model: model, usage: usage)) }
            return
        }
        sums[index] = ModelUsage(model: model, usage: count.sum(sums[index].usage, usage))
    }
}
