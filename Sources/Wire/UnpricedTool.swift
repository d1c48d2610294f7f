/// Tools that OpenAI runs for a fee beside the tokens: it depends on sizes and times that no answer tells.
enum UnpricedTool {
    private static let names = ["code_interpreter", "file_search", "image_generation"]

    /// Whether a tool of this type in a request is one of them.
    static func isOffered(as type: String) -> Bool { names.contains(type) }

    /// Whether an item of this type in a response is the use of one; a function of the same name is not.
    static func isUsed(as type: String) -> Bool { names.contains { type == $0 + "_call" } }
}
