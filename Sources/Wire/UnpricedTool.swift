import JSON

/// Tools that OpenAI runs for a fee beside the tokens of the model that is asked: no price here covers it.
enum UnpricedTool {
    private static let names = ["code_interpreter", "file_search", "image_generation"]

    /// Whether a tool in a request is one of them.
    static func isOffered(_ tool: JSONValue) -> Bool {
        types(of: tool).contains { names.contains($0) || $0 == "shell" && isHosted(tool) }
    }

    /// Whether a tool in a request can be nothing else, whichever of repeated keys is read.
    static func isAll(_ tool: JSONValue) -> Bool {
        isOffered(tool) && types(of: tool).allSatisfy { names.contains($0) || $0 == "shell" }
    }

    /// Whether an item of a response is the use of one; a function of the same name is not.
    static func isUsed(_ item: JSONValue) -> Bool {
        types(of: item).contains { type in
            names.contains { type == $0 + "_call" } || type == "shell_call" && isHosted(item)
        }
    }

    /// Whether a shell is in a container of the provider's, not at the client's.
    private static func isHosted(_ shell: JSONValue) -> Bool {
        guard let environment = shell["environment"] else { return false }
        return types(of: environment).contains { $0.hasPrefix("container") }
    }

    /// Of a key that is there twice nobody knows which one the provider reads.
    private static func types(of object: JSONValue) -> [String] {
        object.object.compactMap { key, value in key == "type" ? value.string : nil }
    }
}
