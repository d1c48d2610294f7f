import JSON
import LedgerCore

/// The names of the tools that an answer calls, one for each call, in the order in which they begin.
///
/// Bounded in count and bytes: what comes after the bound is not noted.
struct ToolNames {
    static let namesMax = 100
    static let scalarsMax = 128
    private(set) var names: [String] = []
    /// Whether one of them, noted or not, is an ``UnpricedTool``.
    private(set) var hasUnpriced = false
    /// The calls noted so far; later pieces of a stream may repeat their names.
    private var seen: Set<String> = []

    /// Takes the content of a message, or the block that an event begins.
    mutating func take(anthropic root: JSONValue) {
        if let block = root["content_block"] { note(block: block) }
        guard let content = (root["message"] ?? root)["content"] else { return }
        for block in content.array { note(block: block) }
    }

    /// Takes the calls of each choice: whole ones, or the pieces of a stream.
    mutating func take(chat root: JSONValue) {
        guard let choices = root["choices"] else { return }
        for (position, choice) in choices.array.enumerated() {
            guard let message = choice["message"] ?? choice["delta"] else { continue }
            let place = "\(choice["index"]?.int64 ?? Int64(position))"
            if let name = message["function_call"]?["name"]?.string {
                note(name, of: ["\(place)/function"])
            }
            guard let calls = message["tool_calls"] else { continue }
            for (position, call) in calls.array.enumerated() {
                let id = call["id"]?.string ?? ""
                let index = "\(place)/\(call["index"]?.int64 ?? Int64(position))"
                guard let name = (call["function"] ?? call["custom"])?["name"]?.string else { continue }
                // Some servers give each call the index 0 and an id of its own.
                note(
                    name, of: id.isEmpty ? [index] : ["id \(id.prefix(scalarsMax: Self.scalarsMax))", index])
            }
        }
    }

    /// Takes the output of a response, or the item that an event adds to it.
    mutating func take(responses root: JSONValue) {
        if let item = root["item"] {
            note(item: item, at: root["output_index"]?.int64 ?? Int64(seen.count))
        }
        guard let output = (root["response"] ?? root)["output"] else { return }
        for (position, item) in output.array.enumerated() { note(item: item, at: Int64(position)) }
    }

    /// Takes the parts of each candidate.
    mutating func take(gemini root: JSONValue) {
        guard let candidates = root["candidates"] else { return }
        for candidate in candidates.array {
            guard let parts = candidate["content"]?["parts"] else { continue }
            for part in parts.array {
                if let name = (part["functionCall"] ?? part["function_call"])?["name"]?.string { add(name) }
            }
        }
    }

    /// Takes the content of a Converse answer, or the block that an event begins.
    mutating func take(converse root: JSONValue) {
        let start = (root["contentBlockStart"] ?? root)["start"]
        if let name = start?["toolUse"]?["name"]?.string { add(name) }
        guard let content = root["output"]?["message"]?["content"] else { return }
        for block in content.array {
            if let name = block["toolUse"]?["name"]?.string { add(name) }
        }
    }

    private mutating func note(block: JSONValue) {
        guard let type = block["type"]?.string, type.hasSuffix("tool_use"),
            let name = block["name"]?.string
        else { return }
        add(name)
    }

    private mutating func note(item: JSONValue, at index: Int64) {
        guard let type = item["type"]?.string, type.hasSuffix("_call") else { return }
        if UnpricedTool.isUsed(item) { hasUnpriced = true }
        // The provider's own tools have no name beside their type.
        note(item["name"]?.string ?? String(type.dropLast(5)), of: ["\(index)"])
    }

    /// Notes a call by the first of `keys` unless it is known; a call's other keys stand for it later.
    private mutating func note(_ name: String, of keys: [String]) {
        guard names.count < Self.namesMax, let first = keys.first, !seen.contains(first) else { return }
        seen.formUnion(keys)
        add(name)
    }

    private mutating func add(_ name: String) {
        guard names.count < Self.namesMax, !name.isEmpty else { return }
        names.append(name.prefix(scalarsMax: Self.scalarsMax))
    }
}
