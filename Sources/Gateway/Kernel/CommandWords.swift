/// Splits a command into words as a shell does, without being one.
///
/// White space separates; '…' keeps all as it is; "…" keeps all but `\"` and `\\`; a backslash outside
/// keeps the next character. Nothing is expanded: no variable, no `~`, no `*`, no pipe.
package enum CommandWords {
    /// The words; nil when a quote is left open or a backslash ends the text.
    package static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = text.makeIterator()
        while let character = characters.next() {
            switch (quote, character) {
            case (nil, let space) where space.isWhitespace:
                if let whole = word { words.append(whole) }
                word = nil
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (let open?, let close) where open == close: quote = nil
            case (nil, "\\"):
                guard let next = characters.next() else { return nil }
                word = (word ?? "") + String(next)
            case ("\"", "\\"):
                guard let next = characters.next() else { return nil }
                word = (word ?? "") + (next == "\"" || next == "\\" ? "" : "\\") + String(next)
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        if let whole = word { words.append(whole) }
        return words
    }
}
