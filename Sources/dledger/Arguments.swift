/// Options and words of a command line, taken one by one; whatever is left over is an error.
struct Arguments {
    private var words: [String]

    init(_ words: [String]) { self.words = words }

    /// Takes a flag; whether it was there.
    mutating func flag(_ names: String...) -> Bool {
        guard let index = words.firstIndex(where: names.contains) else { return false }
        words.remove(at: index)
        return true
    }

    /// Takes `--name value` or `--name=value`; nil when it is absent.
    mutating func option(_ name: String) throws(CommandFailure) -> String? {
        if let index = words.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            return String(words.remove(at: index).dropFirst(name.count + 1))
        }
        guard let index = words.firstIndex(of: name) else { return nil }
        guard index + 1 < words.count else { throw CommandFailure(ExitCode.usage, "\(name) needs a value") }
        words.remove(at: index)
        return words.remove(at: index)
    }

    /// Takes the next word that is no option; nil when there is none.
    mutating func word() -> String? {
        guard let index = words.firstIndex(where: { !$0.hasPrefix("-") }) else { return nil }
        return words.remove(at: index)
    }

    /// Refuses whatever has not been taken.
    func end() throws(CommandFailure) {
        guard let rest = words.first else { return }
        throw CommandFailure(ExitCode.usage, "\"\(rest)\" is not understood here; try --help")
    }
}
