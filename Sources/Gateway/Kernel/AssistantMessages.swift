import JSON
import LedgerCore
import Wire

/// What the assistant's messages say: text, tools, and the usage that counts when no result comes.
///
/// An agent writes a message in several records that repeat its usage: each identifier counts once, with the
/// highest output. Text that came in pieces is not told again when the whole message follows.
struct AssistantMessages {
    /// Messages before a result; more are no agent's.
    private static let messagesMax = 20_000
    /// Tools of one record whose input is told.
    private static let inputsMax = 32
    /// Bytes of a message's identifier; all of them are kept until the end.
    private static let idBytesMax = 128

    /// The identifier of the last message.
    private(set) var lastID: String?
    /// The model of the last message.
    private(set) var lastModel: String?
    /// Whether some usage could not be true.
    private(set) var isImplausible = false
    private var usages: [String: (model: String, usage: Usage)] = [:]
    private var order: [String] = []
    private var streaming = ""
    private var isStreamed = false
    private var streamingUsage = AnthropicUsage()

    /// Takes an `assistant` record.
    mutating func take(record root: JSONValue, model: String?, _ onEvent: (KernelEvent) -> Void) {
        guard let message = root["message"], message.kind == .object else { return }
        let id = message["id"]?.string ?? ""
        takeNames(message, id)
        if let usage = message["usage"], usage.kind == .object {
            var read = AnthropicUsage()
            read.merge(usage)
            note(read, of: id, model)
        }
        // Sub-agents talk to their agent, not to the person.
        let isSubAgent = root["parent_tool_use_id"]?.string != nil
        let isTold = isSubAgent || isStreamed && id == streaming
        guard let content = message["content"] else { return }
        if let text = content.string, !isTold, !text.isEmpty { onEvent(.text(text)) }
        var tools = 0
        for block in content.array {
            switch block["type"]?.string {
            case "text":
                guard let text = block["text"]?.string, !isTold, !text.isEmpty else { continue }
                onEvent(.text(text))
            case "tool_use", "server_tool_use":
                tools += 1
                // Each input is looked for from the text's beginning: too many would hold up the loop.
                let source = tools <= Self.inputsMax ? block["input"]?.source : nil
                let input = source.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
                onEvent(.tool(name: block["name"]?.string ?? "", input: input))
            default: continue
            }
        }
    }

    /// Takes a `stream_event` record: one event of the Messages API.
    mutating func take(streamEvent root: JSONValue, model: String?, _ onEvent: (KernelEvent) -> Void) {
        guard let event = root["event"], root["parent_tool_use_id"]?.string == nil else { return }
        switch event["type"]?.string {
        case "message_start":
            guard let message = event["message"] else { return }
            streaming = message["id"]?.string ?? ""
            isStreamed = false
            streamingUsage = AnthropicUsage()
            takeNames(message, streaming)
            take(streamedUsage: message["usage"], model)
        case "content_block_delta":
            guard let text = event["delta"]?["text"]?.string, !text.isEmpty else { return }
            isStreamed = true
            onEvent(.text(text))
        case "message_delta": take(streamedUsage: event["usage"], model)
        default: break
        }
    }

    /// Forgets the usage so far: a result has told it.
    mutating func forgetUsage() {
        usages = [:]
        order = []
    }

    /// Notes that a usage could not be true.
    mutating func note(inconsistent: Bool) { if inconsistent { isImplausible = true } }

    /// Adds the usage that no result has told.
    func addUsage(to models: inout ReportedModels) {
        for id in order {
            guard let (model, usage) = usages[id] else { continue }
            models.add(usage, of: "anthropic", model)
        }
    }

    private mutating func takeNames(_ message: JSONValue, _ id: String) {
        if (1...Self.idBytesMax).contains(id.utf8.count) { lastID = id }
        // `<synthetic>`: the agent's own words in a message's place.
        if let model = message["model"]?.string, !model.isEmpty, model.utf8.count <= 256, model.first != "<" {
            lastModel = model
        }
    }

    private mutating func take(streamedUsage usage: JSONValue?, _ model: String?) {
        guard let usage, usage.kind == .object else { return }
        streamingUsage.merge(usage)
        note(streamingUsage, of: streaming, model)
    }

    private mutating func note(_ read: AnthropicUsage, of id: String, _ model: String?) {
        var read = read
        let usage = read.result().usage
        note(inconsistent: read.count.isInconsistent)
        guard id.utf8.count <= Self.idBytesMax else { return note(inconsistent: true) }
        let name = lastModel ?? model ?? ""
        guard let known = usages[id] else {
            guard order.count < Self.messagesMax else { return note(inconsistent: true) }
            usages[id] = (name, usage)
            return order.append(id)
        }
        if usage.outputTokens >= known.usage.outputTokens { usages[id] = (name, usage) }
    }
}
