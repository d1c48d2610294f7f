/// The words of an answer: what was said, given back, and then more until there are as many as wanted.
enum CannedText {
    /// The most words that are made; an answer of more tokens has several of them in one word.
    static let wordsMax: Int64 = 4096
    private static let closing = "This answer was simulated.".split(separator: " ").map(String.init)
    private static let filler = "The simulator goes on, one word after another, as it was asked to."
        .split(separator: " ").map(String.init)

    /// Returns the words of the whole answer to `said`.
    static func words(answering said: String) -> [String] {
        let echo = said.utf8.split { $0 <= UInt8(ascii: " ") }.map { String(Substring($0)) }
        guard !echo.isEmpty else { return closing }
        return ["You", "said:"] + echo + closing
    }

    /// Returns `count` pieces of text, each a word and all but the first with the space before it.
    ///
    /// The answer's own words come first, then filler.
    static func pieces(_ words: [String], count: Int64) -> [String] {
        let count = Int(min(max(count, 0), wordsMax))
        var pieces: [String] = []
        pieces.reserveCapacity(count)
        for place in 0..<count {
            let word = place < words.count ? words[place] : filler[(place - words.count) % filler.count]
            pieces.append(place == 0 ? word : " " + word)
        }
        return pieces
    }
}
