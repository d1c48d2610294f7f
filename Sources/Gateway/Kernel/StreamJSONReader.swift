import JSON
import LedgerCore
import Wire

/// Reads the records of `claude -p --output-format stream-json`, one JSON object each.
///
/// Unknown records and fields are passed over, so that newer agents stay readable. Whatever a bad record
/// breaks, what was seen before it is kept.
struct StreamJSONReader {
    /// Whether the agent has given a result.
    private(set) var hasResult = false

    private let parser: JSONParser
    private var models = ReportedModels()
    private var messages = AssistantMessages()
    private var saysUsage = false
    private var cost: Money?
    private var costTotal = Money.zero
    private var isCostImplausible = false
    private var model: String?
    private var failure: KernelFailure?
    private var text: String?

    init(parser: JSONParser) { self.parser = parser }

    /// Takes one record.
    ///
    /// - Throws: ``KernelFailure`` with code `garbled` when it is none.
    mutating func take(
        _ record: UnsafeRawBufferPointer, _ onEvent: (KernelEvent) -> Void
    ) throws(KernelFailure) {
        guard !record.allSatisfy({ $0 == 32 || $0 == 9 }) else { return }
        let document: JSONDocument
        do throws(JSONError) {
            document = try parse(record)
        } catch {
            throw KernelFailure(
                .garbled, "The kernel printed something else than JSON records: \(error.message).")
        }
        let root = document.root
        guard root.kind == .object, let type = root["type"]?.string else {
            throw KernelFailure(.garbled, "The kernel printed JSON that is no record: an object with a type.")
        }
        switch type {
        case "system": takeSystem(root, onEvent)
        case "assistant": messages.take(record: root, model: model, onEvent)
        case "stream_event": messages.take(streamEvent: root, model: model, onEvent)
        case "result": takeResult(root)
        case "conversation_reset": beginAnew()
        default: break
        }
    }

    /// How the run ended: as its result says, or by `failure` when there is none.
    func end(withoutResult failure: KernelFailure) -> KernelEnd {
        var end = KernelEnd(
            failure: hasResult ? self.failure : failure, text: text, providerRequestID: messages.lastID)
        var used = models
        messages.addUsage(to: &used)
        guard !used.isImplausible, !messages.isImplausible, !isCostImplausible else {
            end.failure = KernelFailure(
                .garbled, "The kernel reports a usage that cannot be true; none of it is recorded.")
            return end
        }
        end.usage = saysUsage || !used.used.isEmpty ? used.used : nil
        end.reportedCost = cost
        return end
    }

    private func parse(_ record: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
        do throws(JSONError) {
            return try parser.parse(record)
        } catch .badText {
            // JavaScript writes a text that was cut inside a character with half of it escaped.
            guard let repaired = SurrogateRepair.repaired(record) else { throw .badText }
            return try parser.parse(repaired)
        }
    }

    /// The conversation was cleared: totals run on from zero, even where the next ones are higher.
    private mutating func beginAnew() {
        models.beginAnew()
        costTotal = .zero
    }

    private mutating func takeSystem(_ root: JSONValue, _ onEvent: (KernelEvent) -> Void) {
        if root["subtype"]?.isString("conversation_reset") ?? false { beginAnew() }
        guard root["subtype"]?.isString("init") ?? false else { return }
        model = root["model"]?.string ?? model
        onEvent(.ready(model: root["model"]?.string))
    }

    private mutating func takeResult(_ root: JSONValue) {
        hasResult = true
        takeUsage(root)
        takeCost(root["total_cost_usd"])
        // No model and no cost: it says that it used nothing.
        if root["modelUsage"]?.kind == .object, cost == .zero { saysUsage = true }
        let subtype = root["subtype"]?.string ?? "success"
        let status = root["api_error_status"]?.int64
        let isError = root["is_error"]?.bool ?? false
        let result = root["result"]?.string
        guard subtype == "success", !isError, status == nil || status == 0 else {
            let message = Self.message(subtype, status, result, root["errors"])
            // A provider's limit on the rate of calls is 429 too; a quota's refusal says what it is.
            let words = message.lowercased()
            let isQuota =
                status == 429 && (words.contains("quota") || words.contains("may not make calls"))
            failure = KernelFailure(isQuota ? .quota : .reported, message)
            text = nil
            return
        }
        failure = nil
        text = result
    }

    private mutating func takeUsage(_ root: JSONValue) {
        if let given = root["modelUsage"], given.kind == .object, given.object.contains(where: { _ in true })
        {
            models.take(given)
        } else if let given = root["usage"], given.kind == .object {
            var usage = AnthropicUsage()
            usage.merge(given)
            let sum = usage.result().usage
            messages.note(inconsistent: usage.count.isInconsistent)
            models.add(sum, of: "anthropic", messages.lastModel ?? model ?? "")
        } else {
            return
        }
        saysUsage = true
        // The result is the whole of what its messages used.
        messages.forgetUsage()
    }

    private mutating func takeCost(_ value: JSONValue?) {
        guard let value, !value.isNull else { return }
        guard let total = ReportedCost.read(value) else {
            isCostImplausible = true
            return
        }
        // A running total: what came on top counts, and all of it when it fell, as the agent began anew.
        let more = total >= costTotal ? total.addingClamped(costTotal.negated) : total
        cost = (cost ?? .zero).addingClamped(more)
        costTotal = total
    }

    private static func message(
        _ subtype: String, _ status: Int64?, _ result: String?, _ errors: JSONValue?
    ) -> String {
        var words: [String] = []
        if subtype != "success" { words.append(subtype) }
        if let status { words.append("the model API answered \(status)") }
        let said =
            errors?.array.compactMap { $0.string ?? $0["message"]?.string }.joined(separator: "; ") ?? ""
        words.append(said.isEmpty ? result ?? "" : said)
        let text = words.filter { !$0.isEmpty }.joined(separator: ": ")
        return KernelWords.cleaned(text.isEmpty ? "The kernel reports an error without words." : text)
    }
}
