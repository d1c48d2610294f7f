/// What a kernel says, made fit to be shown and recorded: one line, not long, no keys.
enum KernelWords {
    private static let charactersMax = 300
    /// What is looked at; the rest would be cut off anyway.
    private static let scalarsMax = 8 << 10

    /// The end of `text` in one line, or its beginning when `fromStart`.
    static func cleaned(_ text: String, fromStart: Bool = true) -> String {
        var words: [String] = []
        var isAfterBreak = true
        var word = ""
        for scalar in text.unicodeScalars.prefix(scalarsMax) {
            // White space of every kind, and what terminals would obey; the joiner is part of some emoji.
            let category = scalar.properties.generalCategory
            let isBreak =
                scalar.properties.isWhitespace || category == .control
                || category == .format && scalar != "\u{200D}"
            if isBreak {
                if !isAfterBreak { words.append(withoutKeys(word)) }
                word = ""
            } else {
                word.unicodeScalars.append(scalar)
            }
            isAfterBreak = isBreak
        }
        if !word.isEmpty { words.append(withoutKeys(word)) }
        let line = words.joined(separator: " ")
        guard line.count > charactersMax else { return line }
        return fromStart ? line.prefix(charactersMax) + "…" : "…" + line.suffix(charactersMax)
    }

    /// The last line of what went to standard error; `isCut` when its beginning is not there.
    static func tail(_ bytes: [UInt8], isCut: Bool) -> String {
        var bytes = bytes[...]
        // Half a word may be half a key.
        if isCut { bytes = bytes.drop { !isSpace($0) } }
        return cleaned(String(decoding: bytes, as: UTF8.self), fromStart: false)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Replaces each `sk-…` by a word that says so; `task-1` is none.
    private static func withoutKeys(_ word: String) -> String {
        guard word.contains("sk-") else { return word }
        var clean = ""
        var rest = word[...]
        while let start = rest.firstRange(of: "sk-") {
            let before = rest[..<start.lowerBound]
            let after = rest[start.upperBound...]
            clean += before
            let isInside = before.last.map { $0.isLetter || $0.isNumber } ?? false
            if isInside, !after.hasPrefix("proxy-"), !after.hasPrefix("ant-") {
                clean += "sk-"
                rest = after
            } else {
                clean += "[key]"
                rest = after.drop { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.~+@:=/".contains($0)) }
            }
        }
        return clean + rest
    }
}
