extension SourceFile {
    /// The functions and initialisers that have a body, with the line of each and how many lines it takes.
    var functions: [(number: Int, lines: Int)] {
        var found: [(number: Int, lines: Int)] = []
        var open: (number: Int, depth: Int)?
        var depth = 0
        for (number, line) in code {
            if open == nil, line.contains(#/^\s*(?:[@\w()]+\s+)*(?:func\s|init[?(<]|deinit\b)/#) {
                open = (number, depth)
            }
            for character in line {
                if character == "{" { depth += 1 }
                guard character == "}" else { continue }
                depth -= 1
                if let function = open, depth == function.depth {
                    found.append((function.number, number - function.number + 1))
                    open = nil
                }
            }
            // A protocol's requirement has no body; its type's end closes it.
            if let function = open, depth < function.depth { open = nil }
        }
        return found
    }
}
